#include <err.h>
#include <math.h>
#include <stdio.h>

#include "common/exitcode.h"
#include "common/out.h"
#include "common/utf8.h"

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

/* Bytes that are not UTF-8 become U+FFFD: no JSON reader takes them. */
static void
quote_json(FILE *fp, const char *s)
{
    size_t n;

    putc('"', fp);
    for (; *s; s += n)
        if ((n = utf8_len(s, 4)) == 0) {
            fputs("\xef\xbf\xbd", fp);
            n = 1;
        } else if (n > 1) {
            fwrite(s, 1, n, fp);
        } else if (*s == '"' || *s == '\\')
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
header(struct out *o)
{
    if (o->form == OUT_TSV && !o->wrote_header && !o->no_header && o->cols[1]) {
        for (size_t i = 0; o->cols[i]; i++)
            fprintf(o->fp, "%s%s", i ? "\t" : "", o->cols[i]);
        putc('\n', o->fp);
    }
    o->wrote_header = 1;
}

static void
begin(struct out *o)
{
    header(o);
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
out_float(struct out *o, double val)
{
    begin(o);
    if (isfinite(val))
        fprintf(o->fp, "%.9g", val);
    else
        unknown(o);
    finish(o);
}

void
out_close(struct out *o)
{
    header(o); /* a table without rows still says what its columns are */
    if (ferror(o->fp))
        errx(X_FAIL, "write: output was lost");
    if (fclose(o->fp))
        err(X_FAIL, "write");
}
