// SPDX-License-Identifier: MIT
// mock.js: Elastic's mock OTLP server, which takes traces over HTTP and gRPC. Its HTTP side does not
// unpack gzip, so there is a port in front of it that does. Prints one line with the ports; on a line
// on standard input prints the spans that it has, as JSON, and ends.
'use strict';
const http = require('http');
const zlib = require('zlib');
const {MockOtlpServer} = require('@elastic/mockotlpserver');

const spans = [];

function plain(value) {
    if (!value) return null;
    for (const kind of ['stringValue', 'boolValue', 'doubleValue'])
        if (Object.hasOwn(value, kind) && value[kind] !== undefined) return value[kind];
    if (Object.hasOwn(value, 'intValue') && value.intValue !== undefined)
        return String(value.intValue);
    if (value.arrayValue) return value.arrayValue.values.map(plain);
    return null;
}

function attributes(list) {
    const all = {};
    for (const {key, value} of list ?? []) all[key] = plain(value);
    return all;
}

const hex = (bytes) => Buffer.from(bytes ?? []).toString('hex');

function onTrace(request) {
    for (const {resource, scopeSpans} of request.resourceSpans)
        for (const scope of scopeSpans)
            for (const span of scope.spans)
                spans.push({
                    resource: attributes(resource.attributes),
                    scope: scope.scope.name,
                    trace: hex(span.traceId),
                    id: hex(span.spanId),
                    parent: hex(span.parentSpanId),
                    name: span.name,
                    kind: span.kind,
                    start: String(span.startTimeUnixNano),
                    end: String(span.endTimeUnixNano),
                    attributes: attributes(span.attributes),
                    events: (span.events ?? []).map((event) => ({
                        name: event.name,
                        time: String(event.timeUnixNano),
                        attributes: attributes(event.attributes),
                    })),
                    links: (span.links ?? []).map((link) => ({
                        trace: hex(link.traceId),
                        id: hex(link.spanId),
                        attributes: attributes(link.attributes),
                    })),
                    status: span.status ? String(span.status.code ?? 0) : '0',
                });
}

// What comes with Content-Encoding: gzip goes on to the mock server without it.
function unpack(target) {
    return http.createServer((request, response) => {
        const {'content-encoding': encoding, 'content-length': length, ...headers} =
            request.headers;
        const onward = http.request(target + request.url.slice(1),
                                    {method: request.method, headers}, (answer) => {
            response.writeHead(answer.statusCode, answer.headers);
            answer.pipe(response);
        });
        (encoding === 'gzip' ? request.pipe(zlib.createGunzip()) : request).pipe(onward);
    });
}

async function main() {
    const server = new MockOtlpServer({
        logLevel: 'error', services: ['http', 'grpc'], onTrace,
        httpHostname: '127.0.0.1', httpPort: 0, grpcHostname: '127.0.0.1', grpcPort: 0,
    });
    await server.start();
    const front = unpack(server.httpUrl.href);
    front.listen(0, '127.0.0.1', () => {
        console.log(JSON.stringify({
            http: `http://127.0.0.1:${front.address().port}`,
            bare: server.httpUrl.href,
            grpc: `http://127.0.0.1:${server.grpcUrl.port}`,
        }));
    });
    process.stdin.once('data', () => {
        process.stdout.write(JSON.stringify(spans) + '\n', () => process.exit(0));
    });
    process.stdin.once('end', () => process.exit(0));
}

main();
