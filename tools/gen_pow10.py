#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes src/text/shortest_table.c: powers of ten to 128 bits, rounded up, for the shortest text of a double.

    python3 tools/gen_pow10.py > src/text/shortest_table.c"""

FIRST, LAST = -292, 324


def top_bits(k):
    """10^k * 2^-e, 2^127 <= .. < 2^128, rounded up."""
    a, b = (10**k, 1) if k >= 0 else (1, 10**-k)
    e = a.bit_length() - b.bit_length() - 128
    while True:
        n, d = (a, b << e) if e >= 0 else (a << -e, b)
        g = -(-n // d)
        if g >> 127 == 1 and (n // d) >> 127 == 1:
            return g
        e += 1 if g >> 128 else -1


print("/* SPDX-License-Identifier: Apache-2.0 */")
print("/* Made by tools/gen_pow10.py. */")
print('#include "text/shortest.h"\n')
print("/* clang-format off */")
print(f"const uint64_t hr_shortest_pow10[{LAST - FIRST + 1}][2] = {{")
cells = [f"{{0x{g >> 64:016x}, 0x{g & (2**64 - 1):016x}}}," for g in map(top_bits, range(FIRST, LAST + 1))]
for i in range(0, len(cells), 2):
    print("    " + " ".join(cells[i:i + 2]))
print("};")
print("/* clang-format on */")
