/*
 * cell.h - elements of a new tensor, made from those of another.
 *
 * Both fail when a signal was caught (see run_catch), so that a tool that
 * makes many elements can stop and clean up.
 */
#ifndef LU_CELL_H
#define LU_CELL_H

#include <stddef.h>

#include "common/why.h"
#include "st/st.h"

/* Element i as a copy of element j of from, with its coefficient. An absent
 * one stays absent; so does a link that leads nowhere. */
int cell_copy(struct st *to, size_t i, struct st *from, size_t j,
              struct why *w);

/* Element i as a link to element j of from, with its coefficient. A link to
 * an absent element is absent until somebody writes the element. */
int cell_link(struct st *to, size_t i, struct st *from, size_t j,
              struct why *w);

#endif
