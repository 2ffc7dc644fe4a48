/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* code.c -- see code.h. */
#include "cli/code.h"

#include <errno.h>
#include <png.h>
#include <qrencode.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"

int code_make(struct code *out, struct bytes line)
{
    char text[LIMIT_INVITE_LINE_BYTES_MAX + 1];
    *out = (struct code){0};
    if (line.n >= sizeof text || memchr(line.p, 0, line.n))
        return ERR_TOOBIG;
    memcpy(text, line.p, line.n);
    text[line.n] = '\0';
    /* Capital letters take five and a half bits each, small ones eight. */
    QRcode *qr = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 0);
    int why = errno;
    wipe(text, sizeof text);
    if (!qr)
        return why == ENOMEM ? ERR_NOMEM : ERR_TOOBIG;
    size_t n = (size_t)qr->width * (size_t)qr->width;
    out->width = (size_t)qr->width;
    out->cells = malloc(n);
    for (size_t i = 0; out->cells && i < n; i++)
        out->cells[i] = qr->data[i] & 1;
    wipe(qr->data, n);
    QRcode_free(qr);
    return out->cells ? 0 : ERR_NOMEM;
}

void code_size(const struct code *code, size_t *columns, size_t *rows)
{
    *columns = code->width + 2 * CODE_EDGE;
    *rows = (code->width + 2 * CODE_EDGE + 1) / 2;
}

/* Is the module at x, y dark?  Coordinates begin in the edge, which is light. */
static bool is_dark(const struct code *code, size_t x, size_t y, size_t edge)
{
    if (x < edge || y < edge || x - edge >= code->width || y - edge >= code->width)
        return false;
    return code->cells[(y - edge) * code->width + x - edge] != 0;
}

int code_render(const struct code *code, bool inverted, struct buf *out)
{
    static const char *const blocks[] = {" ", "\xe2\x96\x80", "\xe2\x96\x84",
                                         "\xe2\x96\x88"};
    size_t columns, rows;
    int err = 0;
    code_size(code, &columns, &rows);
    for (size_t row = 0; row < rows && !err; row++) {
        for (size_t x = 0; x < columns && !err; x++) {
            int top = is_dark(code, x, 2 * row, CODE_EDGE) == inverted;
            int low = is_dark(code, x, 2 * row + 1, CODE_EDGE) == inverted;
            const char *block = blocks[top + 2 * low];
            err = buf_append(out, BYTES(block, strlen(block)), SIZE_MAX);
        }
        if (!err)
            err = buf_append(out, BYTES("\n", 1), SIZE_MAX);
    }
    return err;
}

int code_write_png(const struct code *code, FILE *file)
{
    size_t side = (code->width + 2 * CODE_PNG_EDGE) * CODE_PNG_PIXELS;
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)side,
                       .height = (png_uint_32)side,
                       .format = PNG_FORMAT_GRAY};
    uint8_t *pixels = malloc(side * side);
    if (!pixels)
        return ERR_NOMEM;
    for (size_t y = 0; y < side; y++)
        for (size_t x = 0; x < side; x++)
            pixels[y * side + x] =
                is_dark(code, x / CODE_PNG_PIXELS, y / CODE_PNG_PIXELS, CODE_PNG_EDGE)
                    ? 0
                    : 255;
    int good =
        png_image_write_to_stdio(&image, file, 0, pixels, (png_int_32)side, NULL);
    png_image_free(&image);
    wipe(pixels, side * side);
    free(pixels);
    return good ? 0 : ERR_IO;
}

void code_free(struct code *code)
{
    if (code->cells)
        wipe(code->cells, code->width * code->width);
    free(code->cells);
    *code = (struct code){0};
}
