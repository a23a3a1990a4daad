/* SPDX-License-Identifier: Apache-2.0 */
/* Plugins opened and closed. The dynamic loader is called here and nowhere else, and past the seam
 * of the system: what it maps is code, which no simulated disk could give. That the file is there
 * is asked through the seam. */
#include "eval/plugins.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/sys.h"
#include "eval/plugin_parts.h"

#define WHY_BYTES 200u

typedef const headrace_plugin_info *(*entry_fn)(uint32_t host_abi, const headrace_host *host);

static void take_why(void *self, const char *why)
{
    char *to = self;
    snprintf(to, WHY_BYTES, "%.*s", (int)WHY_BYTES - 1, why == NULL ? "" : why);
}

static hr_status load(hr_plugin *p, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    hr_sys_stat st;
    int rc = sys->stat(sys->self, AT_FDCWD, p->path, &st);
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot open plugin '%s'", p->path);
    if (!st.is_file) return HR_FAIL(err, HR_EINPUT, "plugin '%s' is not a file", p->path);
    p->handle = dlopen(p->load_path, RTLD_NOW | RTLD_LOCAL);
    if (p->handle == NULL) {
        const char *why = dlerror();
        return HR_FAIL(err, HR_EINPUT, "cannot load plugin '%s': %s", p->path,
                       why == NULL ? "no reason given" : why);
    }
    return HR_OK;
}

/* The plugin's word about itself, not looked at yet. */
static hr_status ask(hr_plugin *p, hr_err *err)
{
    char why[WHY_BYTES] = "";
    headrace_host host = {.abi = HEADRACE_PLUGIN_ABI,
                          .struct_size = sizeof host,
                          .version = HR_VERSION,
                          .self = why,
                          .refuse = take_why};
    void *symbol = dlsym(p->handle, "headrace_plugin");
    if (symbol == NULL)
        return HR_FAIL(err, HR_EINPUT,
                       "plugin '%s': expected a function 'headrace_plugin', "
                       "found none",
                       p->path);
    entry_fn entry;
    _Static_assert(sizeof entry == sizeof symbol, "POSIX: a function fits a pointer to data");
    memcpy(&entry, &symbol, sizeof entry);
    p->info = entry(HEADRACE_PLUGIN_ABI, &host);
    if (p->info != NULL) return HR_OK;
    return HR_FAIL(err, HR_EINPUT, "plugin '%s' cannot run here: %s", p->path,
                   why[0] == '\0' ? "no reason given" : why);
}

static void fill_op(hr_op *op, const headrace_op *from, const char *group)
{
    *op = (hr_op){.name = from->name,
                  .group = group,
                  .is_foreign = true,
                  .what = from->what,
                  .seed = "",
                  .source = "",
                  .n_in = (uint8_t)from->n_in,
                  .n_arg = (uint8_t)from->n_arg,
                  .n_out = (uint8_t)from->n_out};
    for (uint32_t k = 0; k < HR_MIN(from->n_in, HR_OP_IN_MAX); k++) {
        op->in[k] = from->in[k];
        op->column[k] = from->column == NULL ? NULL : from->column[k];
    }
    for (uint32_t k = 0; k < HR_MIN(from->n_arg, HR_OP_ARG_MAX); k++)
        op->arg[k] = (hr_op_arg){.name = from->arg[k].name,
                                 .kind = (hr_op_arg_kind)from->arg[k].kind,
                                 .least = from->arg[k].least,
                                 .most = from->arg[k].most,
                                 .by_default = from->arg[k].by_default};
    for (uint32_t k = 0; k < HR_MIN(from->n_out, HR_OP_OUT_MAX); k++) {
        op->out[k] = from->out[k];
        op->unit[k] = (uint8_t)from->unit[k];
    }
}

static void fill_stage(hr_row_stage *g, const headrace_stage *from, hr_plugin *p, uint32_t which)
{
    *g = (hr_row_stage){.name = from->name,
                        .what = from->what,
                        .n_in = from->n_in,
                        .n_out = from->n_out,
                        .state_bytes = hr_plugin_stage_bytes(from),
                        .plugin = p,
                        .which = which};
    if (from->n_in > 0) memcpy(g->in, from->in, from->n_in * sizeof *g->in);
    if (from->n_out > 0) memcpy(g->out, from->out, from->n_out * sizeof *g->out);
}

static hr_status no_memory(const hr_plugin *p, hr_err *err)
{
    return HR_FAIL(err, HR_ENOMEM, "no memory for plugin '%s'", p->path);
}

static hr_status take_over(hr_plugin *p, hr_arena *arena, uint32_t n_threads, hr_err *err)
{
    const headrace_plugin_info *info = p->info;
    uint32_t n_out = 0;
    p->op = hr_arena_alloc(arena, HR_MAX(info->n_op, 1u) * sizeof *p->op, 8);
    p->stage = hr_arena_alloc(arena, HR_MAX(info->n_stage, 1u) * sizeof *p->stage, 8);
    uint32_t *slot = hr_arena_alloc(arena, HR_MAX(info->n_op, 1u) * sizeof *slot, 8);
    if (p->op == NULL || p->stage == NULL || slot == NULL) return no_memory(p, err);
    for (uint32_t i = 0; i < info->n_op; i++) {
        fill_op(&p->op[i], &info->op[i], info->name);
        n_out = HR_MAX(n_out, info->op[i].n_out);
        slot[i] = PLUGIN_NO_SLOT;
    }
    p->slot = slot;
    for (uint32_t i = 0; i < info->n_stage; i++) {
        fill_stage(&p->stage[i], &info->stage[i], p, i);
        n_out = HR_MAX(n_out, info->stage[i].n_out);
    }
    if (hr_pool_create(&p->pool, arena, hr_plugin_block_bytes(n_out), HR_MAX(n_threads, 1u),
                       "plugin", NULL) != HR_OK)
        return no_memory(p, err);
    for (uint32_t i = 0; i < info->n_op; i++)
        if (!hr_plugin_bind(p, i))
            return HR_FAIL(err, HR_ELIMIT, "plugin '%s': more than %u operators of plugins",
                           p->path, HR_PLUGIN_OPS_MAX);
    p->ops = (hr_op_list){.op = p->op, .n = info->n_op};
    return HR_OK;
}

hr_status hr_plugin_open(hr_plugin **out, hr_arena *arena, const char *path, uint32_t n_threads,
                         hr_err *err)
{
    *out = NULL;
    size_t n = strlen(path) + 1;
    hr_plugin *p = hr_arena_alloc(arena, sizeof *p, 64);
    char *load_path = hr_arena_alloc(arena, n + 2, 1);
    if (p == NULL || load_path == NULL)
        return HR_FAIL(err, HR_ENOMEM, "no memory for plugin '%s'", path);
    memset(p, 0, sizeof *p);
    memcpy(load_path, "./", 2);
    memcpy(load_path + 2, path, n);
    p->path = load_path + 2;
    /* a name alone would be looked for where libraries are */
    p->load_path = strchr(path, '/') == NULL ? load_path : p->path;
    hr_status st;
    if ((st = load(p, err)) != HR_OK) goto fail;
    if ((st = ask(p, err)) != HR_OK) goto fail;
    if ((st = hr_plugin_validate(path, p->info, err)) != HR_OK) goto fail;
    if ((st = take_over(p, arena, n_threads, err)) != HR_OK) goto fail;
    *out = p;
    return HR_OK;
fail:
    hr_plugin_close(&p);
    return st;
}

void hr_plugin_close(hr_plugin **pp)
{
    hr_plugin *p = *pp;
    *pp = NULL;
    if (p == NULL) return;
    for (uint32_t i = 0; p->slot != NULL && i < p->info->n_op; i++)
        hr_plugin_unbind(p, i);
    if (p->handle != NULL) (void)dlclose(p->handle);
    p->handle = NULL;
}

const hr_op_list *hr_plugin_ops(const hr_plugin *p)
{
    return &p->ops;
}

const hr_row_stage *hr_plugin_stages(const hr_plugin *p, uint32_t *n)
{
    *n = p->info->n_stage;
    return p->stage;
}

const char *hr_plugin_name(const hr_plugin *p)
{
    return p->info->name;
}

const char *hr_plugin_version(const hr_plugin *p)
{
    return p->info->version;
}

hr_status hr_plugin_check(const hr_plugin *p, hr_err *err)
{
    plugin_fault f = hr_plugin_fault(p);
    char what[HEADRACE_NAME_MAX + 32];
    if (f.kind == PLUGIN_FAULT_NONE) return HR_OK;
    const char *name = f.is_stage ? p->stage[f.which].name : p->op[f.which].name;
    const char *const *outs = f.is_stage ? p->stage[f.which].out : p->op[f.which].out;
    if (f.kind == PLUGIN_FAULT_OUT && outs[f.out][0] != '\0')
        snprintf(what, sizeof what, "behind the end of its output '%s'", outs[f.out]);
    else if (f.kind == PLUGIN_FAULT_OUT)
        snprintf(what, sizeof what, "behind the end of its output");
    else
        snprintf(what, sizeof what, "%s",
                 f.kind == PLUGIN_FAULT_KEEP     ? "behind the end of 'keep'"
                 : f.kind == PLUGIN_FAULT_BEFORE ? "before its state"
                                                 : "behind the end of its state");
    return HR_FAIL(err, HR_EINPUT, "plugin '%s': %s '%s' has written %s", p->path,
                   f.is_stage ? "stage" : "operator", name, what);
}
