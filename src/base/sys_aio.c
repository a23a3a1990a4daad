/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes in flight. Two back ends behind one queue: io_uring where the kernel lets us,
 * else two worker threads that do the same calls. Which one is fixed when the queue is opened. */
#include "base/sys_aio.h"

#include <errno.h>
#include <liburing.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DEPTH_MAX 64u
#define N_WORKERS 2u
#define TRANSFER_MAX                                                                               \
    ((size_t)0x7ffff000) /* what Linux moves in one call at most; short counts are legal */

static bool force_threads;

struct hr_sys_aio {
    bool is_uring;
    unsigned depth;
    unsigned in_flight;
    struct io_uring ring;
    /* thread back end: two rings under one lock; it guards todo, done, their ends and is_closing */
    pthread_t worker[N_WORKERS];
    unsigned n_workers;
    pthread_mutex_t lock;
    pthread_cond_t wake_worker, wake_owner;
    hr_sys_aio_op todo[DEPTH_MAX];
    hr_sys_aio_done done[DEPTH_MAX];
    unsigned todo_head, todo_tail, done_head, done_tail;
    bool is_closing;
};

void hr_sys_real_force_threads(bool force)
{
    force_threads = force;
}

static int64_t perform(const hr_sys_aio_op *op)
{
    ssize_t n = op->kind == HR_AIO_SYNC    ? fsync(op->fd)
                : op->kind == HR_AIO_WRITE ? pwrite(op->fd, op->buf, op->n_bytes, op->offset)
                                           : pread(op->fd, op->buf, op->n_bytes, op->offset);
    return n < 0 ? -errno : n;
}

static void *worker_main(void *arg)
{
    hr_sys_aio *q = arg;
    pthread_mutex_lock(&q->lock);
    for (;;) {
        while (q->todo_head == q->todo_tail && !q->is_closing)
            pthread_cond_wait(&q->wake_worker, &q->lock);
        if (q->todo_head == q->todo_tail) break;
        hr_sys_aio_op op = q->todo[q->todo_head++ % DEPTH_MAX];
        pthread_mutex_unlock(&q->lock);
        hr_sys_aio_done d = {.tag = op.tag, .result = perform(&op)};
        pthread_mutex_lock(&q->lock);
        q->done[q->done_tail++ % DEPTH_MAX] = d;
        pthread_cond_signal(&q->wake_owner);
    }
    pthread_mutex_unlock(&q->lock);
    return NULL;
}

static int open_threads(hr_sys_aio *q)
{
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->wake_worker, NULL);
    pthread_cond_init(&q->wake_owner, NULL);
    int rc = 0;
    while (q->n_workers < N_WORKERS && rc == 0) {
        rc = pthread_create(&q->worker[q->n_workers], NULL, worker_main, q);
        q->n_workers += rc == 0;
    }
    return q->n_workers > 0 ? 0 : -rc; /* one is enough */
}

int hr_aio_real_open(void *self, hr_sys_aio **out, unsigned depth)
{
    (void)self;
    *out = NULL;
    if (depth == 0 || depth > DEPTH_MAX) return -EINVAL;
    hr_sys_aio *q =
        mmap(NULL, sizeof *q, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (q == MAP_FAILED) return -ENOMEM;
    q->depth = depth;
    q->is_uring = !force_threads && io_uring_queue_init(depth, &q->ring, 0) == 0;
    int rc = q->is_uring ? 0 : open_threads(q);
    if (rc < 0) {
        munmap(q, sizeof *q);
        return rc;
    }
    *out = q;
    return 0;
}

/* An entry that the kernel does not take now stays in the ring; the next submit or reap sends it.
 */
static int submit_uring(hr_sys_aio *q, const hr_sys_aio_op *op)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&q->ring);
    if (sqe == NULL) return -EAGAIN;
    unsigned n = (unsigned)HR_MIN(op->n_bytes, TRANSFER_MAX);
    if (op->kind == HR_AIO_SYNC)
        io_uring_prep_fsync(sqe, op->fd, 0);
    else if (op->kind == HR_AIO_WRITE)
        io_uring_prep_write(sqe, op->fd, op->buf, n, (uint64_t)op->offset);
    else
        io_uring_prep_read(sqe, op->fd, op->buf, n, (uint64_t)op->offset);
    io_uring_sqe_set_data64(sqe, op->tag);
    (void)io_uring_submit(&q->ring);
    return 0;
}

static int submit_threads(hr_sys_aio *q, const hr_sys_aio_op *op)
{
    pthread_mutex_lock(&q->lock);
    q->todo[q->todo_tail++ % DEPTH_MAX] = *op;
    pthread_cond_signal(&q->wake_worker);
    pthread_mutex_unlock(&q->lock);
    return 0;
}

int hr_aio_submit(void *self, hr_sys_aio *q, const hr_sys_aio_op *op)
{
    (void)self;
    if (q->in_flight == q->depth) return -EAGAIN;
    int rc = q->is_uring ? submit_uring(q, op) : submit_threads(q, op);
    if (rc == 0) q->in_flight++;
    return rc;
}

static bool is_passing(int rc)
{
    return rc == -EINTR || rc == -EAGAIN || rc == -EBUSY;
}

static int reap_uring(hr_sys_aio *q, hr_sys_aio_done *done, unsigned cap, bool wait)
{
    unsigned n = 0;
    struct io_uring_cqe *cqe;
    if (io_uring_sq_ready(&q->ring) > 0) {
        int rc = io_uring_submit(&q->ring);
        if (rc < 0 && !is_passing(rc)) return rc;
    }
    while (n < cap) {
        int rc = wait && n == 0 ? io_uring_submit_and_wait(&q->ring, 1) : 0;
        if (rc < 0 && !is_passing(rc)) return rc;
        if (io_uring_peek_cqe(&q->ring, &cqe) < 0) {
            if (wait && n == 0) continue;
            break;
        }
        done[n++] = (hr_sys_aio_done){.tag = io_uring_cqe_get_data64(cqe), .result = cqe->res};
        io_uring_cqe_seen(&q->ring, cqe);
    }
    return (int)n;
}

static int reap_threads(hr_sys_aio *q, hr_sys_aio_done *done, unsigned cap, bool wait)
{
    unsigned n = 0;
    pthread_mutex_lock(&q->lock);
    while (wait && q->done_head == q->done_tail)
        pthread_cond_wait(&q->wake_owner, &q->lock);
    while (n < cap && q->done_head != q->done_tail)
        done[n++] = q->done[q->done_head++ % DEPTH_MAX];
    pthread_mutex_unlock(&q->lock);
    return (int)n;
}

int hr_aio_reap(void *self, hr_sys_aio *q, hr_sys_aio_done *done, unsigned cap, bool wait)
{
    (void)self;
    if (q->in_flight == 0) return 0;
    int n = q->is_uring ? reap_uring(q, done, cap, wait) : reap_threads(q, done, cap, wait);
    if (n > 0) q->in_flight -= (unsigned)n;
    return n;
}

const char *hr_aio_name(void *self, hr_sys_aio *q)
{
    (void)self;
    return q->is_uring ? "io_uring" : "threads";
}

void hr_aio_close(void *self, hr_sys_aio *q)
{
    hr_sys_aio_done done[8];
    if (q == NULL) return;
    while (q->in_flight > 0 && hr_aio_reap(self, q, done, 8, true) > 0) {
    }
    if (q->is_uring) {
        io_uring_queue_exit(&q->ring);
    } else {
        pthread_mutex_lock(&q->lock);
        q->is_closing = true;
        pthread_cond_broadcast(&q->wake_worker);
        pthread_mutex_unlock(&q->lock);
        for (unsigned i = 0; i < q->n_workers; i++)
            pthread_join(q->worker[i], NULL);
        pthread_cond_destroy(&q->wake_worker);
        pthread_cond_destroy(&q->wake_owner);
        pthread_mutex_destroy(&q->lock);
    }
    munmap(q, sizeof *q);
}
