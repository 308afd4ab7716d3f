/* SPDX-License-Identifier: MIT */
#include <libxml/xmlwriter.h>
#include <stdio.h>

int main(void)
{
    xmlBufferPtr buffer = xmlBufferCreate(); /* links, not only compiles */
    xmlBufferFree(buffer);
    return puts(LIBXML_DOTTED_VERSION) < 0;
}
