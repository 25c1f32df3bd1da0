/*
 * form.h - the two forms of a tensor on disk: a tree of files, or one file.
 *
 * Going from one to the other changes no element and no coefficient. The
 * tensor is held against all writers meanwhile; readers may go on. A crash
 * leaves the one form or the other, and perhaps what was left over.
 */
#ifndef LU_FORM_H
#define LU_FORM_H

#include "st/st.h"

/* Into DIR/store; one that is packed already is written anew without waste.
 * Links cannot be packed. */
int form_pack(struct st *t, struct why *w);

/* Into DIR/storage. */
int form_unpack(struct st *t, struct why *w);

#endif
