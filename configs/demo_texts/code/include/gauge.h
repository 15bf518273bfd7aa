/* The float in the pipe: pulses in, centimetres out. */
#ifndef GAUGE_H
#define GAUGE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One row of the table that was measured when the pipe was set. */
struct gauge_point {
    unsigned pulses;
    int centimetres;
};

/*
 * Level for a count of pulses, by straight lines between the points of the
 * table. The table is sorted by pulses and has at least two points; beyond its
 * ends the outermost line is drawn on. Returns 0 on success, -1 for a table
 * that is too short or not sorted.
 */
int gauge_level(const struct gauge_point *table, size_t size, unsigned pulses, int *centimetres);

#ifdef __cplusplus
}
#endif

#endif
