/* SPDX-License-Identifier: MIT */
/* The report for continuous integration: JUnit XML, one test case an object. */
#include "cli_diff.h"

#include "formats/escape.h"

#include <libxml/xmlwriter.h>
#include <string.h>

#define XML(text) ((const xmlChar *)(text))

/* What is left are characters of XML 1.0; the writer escapes what has a meaning there. */
static const char *printable(struct rn_buf *scratch, const char *text)
{
    rn_buf_clear(scratch);
    rn_escape_terminal(scratch, (const uint8_t *)text, strlen(text));
    rn_buf_byte(scratch, '\0');
    return scratch->failed ? "?" : (const char *)scratch->data;
}

static bool put_result(xmlTextWriterPtr writer, const struct rn_finding *finding,
                       struct rn_buf *scratch)
{
    bool failure = finding->kind == RN_FINDING_DIFFERENT;
    bool skipped = finding->kind == RN_FINDING_UNKNOWN || finding->kind == RN_FINDING_INPUT;

    if (!failure && !skipped)
        return true;
    return xmlTextWriterStartElement(writer, XML(failure ? "failure" : "skipped")) >= 0 &&
           xmlTextWriterWriteAttribute(writer, XML("message"),
                                       XML(printable(scratch, finding->what))) >= 0 &&
           xmlTextWriterEndElement(writer) >= 0;
}

static bool put_case(xmlTextWriterPtr writer, const struct rn_finding *finding,
                     struct rn_buf *scratch)
{
    const struct rn_effect *effect = finding->a ? finding->a : finding->b;

    return xmlTextWriterStartElement(writer, XML("testcase")) >= 0 &&
           xmlTextWriterWriteAttribute(
               writer, XML("classname"),
               XML(effect ? rn_effect_kind_name(effect->kind) : "program")) >= 0 &&
           xmlTextWriterWriteAttribute(writer, XML("name"),
                                       XML(printable(scratch, finding->name))) >= 0 &&
           put_result(writer, finding, scratch) && xmlTextWriterEndElement(writer) >= 0;
}

static bool put_suite(xmlTextWriterPtr writer, const struct cli_diff *job, struct rn_buf *scratch)
{
    const struct rn_diff *diff = job->diff;
    bool fine;

    fine =
        xmlTextWriterStartDocument(writer, NULL, "UTF-8", NULL) >= 0 &&
        xmlTextWriterStartElement(writer, XML("testsuites")) >= 0 &&
        xmlTextWriterStartElement(writer, XML("testsuite")) >= 0 &&
        xmlTextWriterWriteFormatAttribute(writer, XML("name"), "%s %s", cli_program,
                                          cli_diff_verdict(job)) >= 0 &&
        xmlTextWriterWriteFormatAttribute(writer, XML("tests"), "%zu", diff->count) >= 0 &&
        xmlTextWriterWriteFormatAttribute(writer, XML("failures"), "%zu", diff->different) >= 0 &&
        xmlTextWriterWriteFormatAttribute(writer, XML("skipped"), "%zu", diff->unknown) >= 0;
    for (size_t i = 0; fine && i < diff->count; i++)
        fine = put_case(writer, &diff->findings[i], scratch);
    return fine && xmlTextWriterEndDocument(writer) >= 0;
}

static bool make(const struct cli_diff *job, xmlBufferPtr buffer)
{
    xmlTextWriterPtr writer = xmlNewTextWriterMemory(buffer, 0);
    struct rn_buf scratch = RN_BUF_INIT;
    bool fine =
        writer && xmlTextWriterSetIndent(writer, 1) >= 0 && put_suite(writer, job, &scratch);

    xmlFreeTextWriter(writer);
    rn_buf_free(&scratch);
    return fine;
}

bool cli_diff_junit(const struct cli_diff *job, const char *path)
{
    xmlBufferPtr buffer = xmlBufferCreate();
    struct cli_output *output = NULL;
    struct rn_buf text = RN_BUF_INIT;
    bool fine = buffer && make(job, buffer);

    if (fine) {
        rn_buf_append(&text, xmlBufferContent(buffer), (size_t)xmlBufferLength(buffer));
        output = cli_output_open(path);
    } else {
        cli_fail("out of memory");
    }
    fine = output && cli_output_close(output, &text);
    xmlBufferFree(buffer);
    rn_buf_free(&text);
    return fine;
}
