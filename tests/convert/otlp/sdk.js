// SPDX-License-Identifier: MIT
// Spans made by OpenTelemetry's own SDK, and written by its own serialisers: sdk.jsonl, sdk.pb, and
// what they must come back as, one JSON object a line: sdk.want.
'use strict';
const fs = require('fs');
const api = require('@opentelemetry/api');
const { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } =
    require('@opentelemetry/sdk-trace-base');
const { resourceFromAttributes } = require('@opentelemetry/resources');
const { JsonTraceSerializer, ProtobufTraceSerializer } = require('@opentelemetry/otlp-transformer');

const memory = new InMemorySpanExporter();
const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'shop', 'host.name': 'box', 'process.pid': 4711 }),
    spanProcessors: [new SimpleSpanProcessor(memory)],
});
const tracer = provider.getTracer('shop.checkout', '1.2.3');
const base = [1700000000, 123456789];
const at = (ns) => [base[0], base[1] + ns];

const root = tracer.startSpan('GET /cart "ä"', { kind: api.SpanKind.SERVER, startTime: at(0),
    attributes: { 'http.status': 200, 'thread.id': 4712, ratio: 0.25, cached: true,
        list: ['a', 'b'], code: 'x' } });
const context = api.trace.setSpan(api.ROOT_CONTEXT, root);
const child = tracer.startSpan('SELECT', { kind: api.SpanKind.CLIENT, startTime: at(1001),
    links: [{ context: root.spanContext(), attributes: { why: 'same' } }] }, context);
child.addEvent('row', { n: -3 }, at(1500));
child.setStatus({ code: api.SpanStatusCode.ERROR, message: 'no such table' });
child.end(at(2002));
root.end(at(5000));
const spans = memory.getFinishedSpans();
fs.writeFileSync('sdk.jsonl', Buffer.from(JsonTraceSerializer.serializeRequest(spans)).toString() + '\n');
fs.writeFileSync('sdk.pb', Buffer.from(ProtobufTraceSerializer.serializeRequest(spans)));
const ns = (t) => (BigInt(t[0]) * 1000000000n + BigInt(t[1])).toString();
fs.writeFileSync('sdk.want', spans.map((s) => JSON.stringify({
    name: s.name, start: ns(s.startTime), end: ns(s.endTime), trace: s.spanContext().traceId,
    id: s.spanContext().spanId, parent: s.parentSpanContext ? s.parentSpanContext.spanId : '',
    kind: s.kind + 1, status: s.status.code })).join('\n') + '\n');
