/* SPDX-License-Identifier: Apache-2.0 */
/* A shared object that is no plugin. */
#include "headrace/plugin.h"

HEADRACE_EXPORT extern const uint32_t headrace_nothing;
const uint32_t headrace_nothing = HEADRACE_PLUGIN_ABI;
