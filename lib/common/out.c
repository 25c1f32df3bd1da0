#include <err.h>
#include <math.h>
#include <stdio.h>

#include "common/exitcode.h"
#include "common/out.h"

static void
quote_tsv(FILE *fp, const char *s)
{
    for (; *s; s++)
        switch (*s) {
        case '\t': fputs("\\t", fp); break;
        case '\n': fputs("\\n", fp); break;
        case '\\': fputs("\\\\", fp); break;
        default: putc(*s, fp);
        }
}

static void
quote_json(FILE *fp, const char *s)
{
    putc('"', fp);
    for (; *s; s++)
        if (*s == '"' || *s == '\\')
            fprintf(fp, "\\%c", *s);
        else if (*s == '\n')
            fputs("\\n", fp);
        else if (*s == '\t')
            fputs("\\t", fp);
        else if ((unsigned char)*s < 0x20)
            fprintf(fp, "\\u%04x", (unsigned char)*s);
        else
            putc(*s, fp);
    putc('"', fp);
}

void
out_quote(FILE *fp, enum out_form form, const char *s)
{
    if (form == OUT_JSON)
        quote_json(fp, s);
    else
        quote_tsv(fp, s);
}

static void
begin(struct out *o)
{
    if (o->form == OUT_TSV && !o->wrote_header && !o->no_header && o->cols[1]) {
        for (size_t i = 0; o->cols[i]; i++)
            fprintf(o->fp, "%s%s", i ? "\t" : "", o->cols[i]);
        putc('\n', o->fp);
    }
    o->wrote_header = 1;
    if (o->form == OUT_JSON)
        fprintf(o->fp, "%s\"%s\":", o->at ? "," : "{", o->cols[o->at]);
    else if (o->form == OUT_KEYS)
        fprintf(o->fp, "%s: ", o->cols[o->at]);
    else if (o->at)
        putc('\t', o->fp);
}

static void
finish(struct out *o)
{
    int last = !o->cols[++o->at];

    if (o->form == OUT_KEYS || (last && o->form == OUT_TSV))
        putc('\n', o->fp);
    else if (last)
        fputs("}\n", o->fp);
    if (last)
        o->at = 0;
}

static void
unknown(struct out *o)
{
    if (o->form == OUT_JSON)
        fputs("null", o->fp);
}

void
out_str(struct out *o, const char *val)
{
    begin(o);
    if (val)
        out_quote(o->fp, o->form, val);
    else
        unknown(o);
    finish(o);
}

void
out_int(struct out *o, long long val)
{
    begin(o);
    fprintf(o->fp, "%lld", val);
    finish(o);
}

void
out_num(struct out *o, double val)
{
    begin(o);
    if (isfinite(val))
        fprintf(o->fp, "%.17g", val);
    else
        unknown(o);
    finish(o);
}

void
out_fixed(struct out *o, double val, int decimals)
{
    begin(o);
    if (isfinite(val))
        fprintf(o->fp, "%.*f", decimals, val);
    else
        unknown(o);
    finish(o);
}

void
out_close(struct out *o)
{
    if (ferror(o->fp) || fclose(o->fp))
        err(X_FAIL, "write");
}
