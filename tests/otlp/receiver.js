// SPDX-License-Identifier: MIT
// receiver.js PLAN: an OTLP receiver over HTTP and gRPC that misbehaves as it is told, and a query
// API like Tempo's. PLAN is JSON:
//   steps        what to do with the first requests, one each (see act); then all are taken
//   always       what to do with the requests after these
//   maxBytes     larger requests are too large
//   badName      a request with a span of that name is refused
//   loseTraces   so many traces are taken, and not stored
//   hangAfter    requests from this number on get no answer
//   tls          {key, cert, ca}: PEM files; clients must show a certificate of ca if it is given
//   token        Authorization must be this
// Prints one line with the ports, then one line of JSON for each request. Ends with its standard
// input.
'use strict';
const fs = require('fs');
const http = require('http');
const https = require('https');
const zlib = require('zlib');
const path = require('path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const protobuf = require('protobufjs');

const plan = JSON.parse(process.argv[2] || '{}');
const protos = path.dirname(require.resolve('@elastic/mockotlpserver/package.json'));
const service = 'opentelemetry/proto/collector/trace/v1/trace_service.proto';

const root = new protobuf.Root();
root.resolvePath = (origin, target) => path.join(protos, target);
root.loadSync(service);
const Request = root.lookupType('opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest');
const Response =
    root.lookupType('opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse');
const google = protobuf.parse(`syntax = "proto3"; package google.rpc;
    message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
    message Any { string type_url = 1; bytes value = 2; }
    message RetryInfo { Duration retry_delay = 1; }
    message Duration { int64 seconds = 1; int32 nanos = 2; }`).root;

const stored = new Map(); // resource spans by trace
const lost = new Set();
const seen = new Map(); // how often a span was taken
let number = 0;

const say = (line) => process.stdout.write(JSON.stringify(line) + '\n');
const hex = (bytes) => Buffer.from(bytes ?? []).toString('hex');

function spansOf(request) {
    const spans = [];
    for (const resource of request.resourceSpans)
        for (const scope of resource.scopeSpans)
            for (const span of scope.spans) spans.push({span, resource: resource.resource});
    return spans;
}

function store(request) {
    for (const {span, resource} of spansOf(request)) {
        const trace = hex(span.traceId), id = hex(span.spanId);
        seen.set(trace + id, (seen.get(trace + id) ?? 0) + 1);
        if (!stored.has(trace) && lost.size < (plan.loseTraces ?? 0)) lost.add(trace);
        if (lost.has(trace)) continue;
        if (!stored.has(trace)) stored.set(trace, []);
        stored.get(trace).push({resource, scopeSpans: [{spans: [span]}]});
    }
}

// What to do with a request: a step of the plan, or what the rules say. `taken` is said to whoever
// reads the log.
function decide(request, bytes) {
    const step = (plan.steps ?? [])[number++] ?? plan.always ?? {};
    const spans = spansOf(request);
    let act = step;
    if (plan.hangAfter !== undefined && number > plan.hangAfter) act = {do: 'hang'};
    else if (act.do) act = step;
    else if (plan.maxBytes && bytes > plan.maxBytes) act = {do: 'tooLarge'};
    else if (plan.badName && spans.some(({span}) => span.name === plan.badName))
        act = {do: 'refuse', message: 'a span is bad'};
    const taken = !act.do || ['takeAndBreak', 'partial', 'slow'].includes(act.do);
    if (taken) store(request);
    say({number, bytes, did: act.do ?? 'take', spans: spans.length,
         ids: taken ? spans.map(({span}) => hex(span.traceId) + hex(span.spanId)) : []});
    return act;
}

function partial(act) {
    return {partialSuccess: {rejectedSpans: act.rejected, errorMessage: act.message}};
}

function httpError(response, status, message, headers = {}) {
    response.writeHead(status, {'content-type': 'text/plain', ...headers});
    response.end(message);
}

function httpAnswer(request, response, act) {
    switch (act.do) {
    case 'hang':
        return undefined;
    case 'break':
    case 'takeAndBreak':
        return request.socket.destroy();
    case 'tooLarge':
        return httpError(response, act.status ?? 413, 'request body too large');
    case 'refuse':
        return httpError(response, 400, act.message);
    case 'status': {
        const headers = act.headers ?? {};
        if (act.date) headers['retry-after'] = new Date(Date.now() + act.date * 1000).toUTCString();
        return httpError(response, act.code, act.message ?? '', headers);
    }
    case 'page':
        response.writeHead(200, {'content-type': 'text/html'});
        return response.end('<html>hello</html>');
    case 'partial':
    case 'slow':
    default: {
        const body = Response.encode(Response.fromObject(act.do === 'partial' ? partial(act) : {}));
        setTimeout(() => {
            response.writeHead(200, {'content-type': 'application/x-protobuf'});
            response.end(body.finish());
        }, act.do === 'slow' ? act.ms : 0);
    }
    }
    return undefined;
}

function query(request, response) {
    const trace = request.url.replace('/api/traces/', '');
    if (!stored.has(trace)) return httpError(response, 404, 'trace not found');
    response.writeHead(200, {'content-type': 'application/protobuf'});
    return response.end(
        Request.encode(Request.fromObject({resourceSpans: stored.get(trace)})).finish());
}

function onHttp(request, response) {
    if (plan.token && request.headers.authorization !== plan.token)
        return httpError(response, 401, 'who are you');
    if (request.url.startsWith('/api/traces/')) return query(request, response);
    if (request.url !== '/v1/traces') return httpError(response, 404, 'not here');
    const packed = request.headers['content-encoding'] === 'gzip';
    const chunks = [];
    const body = packed ? request.pipe(zlib.createGunzip()) : request;
    body.on('error', () => {});
    body.on('data', (chunk) => chunks.push(chunk));
    body.on('end', () => {
        const bytes = Buffer.concat(chunks);
        httpAnswer(request, response, decide(Request.decode(bytes), bytes.length));
    });
    return undefined;
}

function grpcStatus(code, message, seconds) {
    const metadata = new grpc.Metadata();
    if (seconds !== undefined) {
        const info = google.lookupType('google.rpc.RetryInfo');
        const status = google.lookupType('google.rpc.Status');
        const value = info.encode(info.fromObject({retryDelay: {
            seconds: Math.floor(seconds), nanos: Math.round((seconds % 1) * 1e9)}})).finish();
        metadata.set('grpc-status-details-bin', Buffer.from(status.encode(status.fromObject({
            code, message, details: [{typeUrl: 'type.googleapis.com/google.rpc.RetryInfo', value}],
        })).finish()));
    }
    return {code, details: message, metadata};
}

function onGrpc(call, callback) {
    const bytes = Request.encode(Request.fromObject(call.request)).finish().length;
    if (plan.token && call.metadata.get('authorization')[0] !== plan.token)
        return callback(grpcStatus(grpc.status.UNAUTHENTICATED, 'who are you'));
    const act = decide(Request.fromObject(call.request), bytes);
    switch (act.do) {
    case 'hang':
        return undefined;
    case 'break':
    case 'takeAndBreak':
        return process.emit('breakGrpc');
    case 'tooLarge':
        return callback(grpcStatus(grpc.status.RESOURCE_EXHAUSTED,
                                   `grpc: received message larger than max (${bytes} vs. 1)`));
    case 'refuse':
        return callback(grpcStatus(grpc.status.INVALID_ARGUMENT, act.message));
    case 'status':
        return callback(grpcStatus(act.code, act.message ?? '', act.retryInfo));
    default:
        setTimeout(() => callback(null, act.do === 'partial' ? partial(act) : {}),
                   act.do === 'slow' ? act.ms : 0);
    }
    return undefined;
}

function grpcCredentials() {
    if (!plan.tls) return grpc.ServerCredentials.createInsecure();
    return grpc.ServerCredentials.createSsl(
        plan.tls.ca ? fs.readFileSync(plan.tls.ca) : null,
        [{private_key: fs.readFileSync(plan.tls.key), cert_chain: fs.readFileSync(plan.tls.cert)}],
        Boolean(plan.tls.ca));
}

function httpServer() {
    if (!plan.tls) return http.createServer(onHttp);
    return https.createServer({
        key: fs.readFileSync(plan.tls.key), cert: fs.readFileSync(plan.tls.cert),
        ca: plan.tls.ca && fs.readFileSync(plan.tls.ca), requestCert: Boolean(plan.tls.ca),
    }, onHttp);
}

// grpc-js has no way to break one connection, so one that listens in between does it.
function breakable(port, listener) {
    const net = require('net');
    const pairs = new Set();
    const front = net.createServer((client) => {
        const server = net.connect(port, '127.0.0.1');
        pairs.add(client);
        client.on('error', () => {}).on('close', () => { pairs.delete(client); server.destroy(); });
        server.on('error', () => {}).on('close', () => client.destroy());
        client.pipe(server).pipe(client);
    });
    process.on('breakGrpc', () => pairs.forEach((client) => client.destroy()));
    front.listen(0, '127.0.0.1', () => listener(front.address().port));
}

const definition = loader.loadSync(service, {includeDirs: [protos], longs: String});
const server = new grpc.Server({'grpc.max_receive_message_length': -1});
server.addService(grpc.loadPackageDefinition(definition)
    .opentelemetry.proto.collector.trace.v1.TraceService.service, {Export: onGrpc});
server.bindAsync('127.0.0.1:0', grpcCredentials(), (error, grpcPort) => {
    if (error) throw error;
    const web = httpServer();
    const scheme = plan.tls ? 'https' : 'http';
    breakable(grpcPort, (port) => web.listen(0, '127.0.0.1', () => say({
        http: `${scheme}://127.0.0.1:${web.address().port}`,
        grpc: `${scheme}://127.0.0.1:${port}`,
    })));
});
process.stdin.resume();
process.stdin.on('end', () => process.stdout.write('', () => process.exit(0)));
