/*
 * conf.h - a settings file as text: find a value, change it, compare two.
 *
 * The grammar is opt_file()'s: "name value" or "name = value", # starts a
 * comment, the last line that names a setting wins. Everything that is not
 * the value being changed stays byte for byte.
 */
#ifndef LU_CONF_H
#define LU_CONF_H

#include <stddef.h>

#include "common/sbuf.h"

/* One setting: offsets into the text. A vlen of 0 is a name without value. */
struct conf_item {
    size_t name, nlen, val, vlen;
};

/* Step through text from *at (0 to start): 1 with the next setting, or 0. */
int conf_next(const char *text, size_t *at, struct conf_item *it);

/* Find the setting that counts: 1 or 0. */
int conf_find(const char *text, const char *name, struct conf_item *it);

/* Replace the value of name, or append "name val". */
void conf_set(struct sbuf *text, const char *name, const char *val);

/* Append val as it is compared: 1e-3 is 0.001, 4k is 4000, yes is 1. */
void conf_canon(struct sbuf *b, const char *val, size_t len);

#endif
