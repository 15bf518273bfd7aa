/* See gauge.h. Whole numbers throughout: the box under the bridge has no floating-point unit. */
#include "gauge.h"

static int is_sorted(const struct gauge_point *table, size_t size)
{
    for (size_t i = 1; i < size; i++) {
        if (table[i].pulses <= table[i - 1].pulses)
            return 0;
    }
    return 1;
}

int gauge_level(const struct gauge_point *table, size_t size, unsigned pulses, int *centimetres)
{
    if (size < 2 || !is_sorted(table, size))
        return -1;

    /* The piece of the table that the count falls into, or the outermost one. */
    size_t upper = 1;
    while (upper + 1 < size && table[upper].pulses < pulses)
        upper++;

    const struct gauge_point *a = &table[upper - 1];
    const struct gauge_point *b = &table[upper];
    long run = (long)b->pulses - (long)a->pulses;
    long rise = (long)b->centimetres - (long)a->centimetres;
    long past = (long)pulses - (long)a->pulses;

    /* Round half away from zero, so that a level of -0.5 is not called 0. */
    long product = rise * past;
    long half = product < 0 ? -run / 2 : run / 2;
    *centimetres = (int)(a->centimetres + (product + half) / run);
    return 0;
}
