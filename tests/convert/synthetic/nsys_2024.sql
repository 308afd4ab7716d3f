-- SPDX-License-Identifier: MIT
-- Synthetic: what an export of Nsight Systems 2024 (schema 3.x) looks like, after the schema reference
-- of its user guide. Process 1000 with threads 1000 and 1001 on hardware 1; times from session start.
CREATE TABLE StringIds (id INTEGER NOT NULL PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO StringIds VALUES (1, 'cudaLaunchKernel_v7000'), (2, 'cudaMemcpyAsync_v3020'),
    (3, 'void scale<float>(float*, int)'), (4, 'scale'), (5, 'worker'), (6, 'poll'),
    (7, 'cuStreamSynchronize'), (8, 'train step'), (9, 'main'), (10, '_Z5scaleIfEvPT_i');
CREATE TABLE ThreadNames (nameId INTEGER NOT NULL, priority INTEGER, globalTid INTEGER);
INSERT INTO ThreadNames VALUES (9, 20, 1 << 56 | 1000 << 24 | 1000), (5, 20, 1 << 56 | 1000 << 24 | 1001),
    (6, 20, 1 << 56 | 2000 << 24 | 2000);
CREATE TABLE PROCESSES (globalPid INTEGER, pid INTEGER, name TEXT);
INSERT INTO PROCESSES VALUES (1 << 56 | 1000 << 24, 1000, '/opt/train'), (1 << 56, 0, NULL),
    (1 << 56 | 2000 << 24, 2000, '/usr/bin/idle');
CREATE TABLE ANALYSIS_DETAILS (globalVid INTEGER NOT NULL, duration INTEGER NOT NULL,
    startTime INTEGER NOT NULL, stopTime INTEGER NOT NULL);
INSERT INTO ANALYSIS_DETAILS VALUES (1 << 56, 9000000, 0, 9000000);
CREATE TABLE TARGET_INFO_SESSION_START_TIME (utcEpochNs INTEGER, utcTime TEXT, localTime TEXT);
INSERT INTO TARGET_INFO_SESSION_START_TIME VALUES (1750000000123456789, '', '');
CREATE TABLE TARGET_INFO_SYSTEM_ENV (globalVid INTEGER, devStateName TEXT NOT NULL,
    name TEXT NOT NULL, nameEnum INTEGER NOT NULL, value TEXT NOT NULL);
INSERT INTO TARGET_INFO_SYSTEM_ENV VALUES (1 << 56, 'x', 'Hostname', 1, 'gpu-box'),
    (1 << 56, 'x', 'OperatingSystem', 2, 'Ubuntu 22.04');
CREATE TABLE META_DATA_EXPORT (name TEXT NOT NULL, value TEXT);
INSERT INTO META_DATA_EXPORT VALUES ('EXPORT_SCHEMA_VERSION', '3.16.1');
CREATE TABLE CUPTI_ACTIVITY_KIND_RUNTIME (start INTEGER NOT NULL, end INTEGER NOT NULL,
    eventClass INTEGER NOT NULL, globalTid INTEGER, correlationId INTEGER,
    nameId INTEGER NOT NULL, returnValue INTEGER NOT NULL, callchainId INTEGER);
INSERT INTO CUPTI_ACTIVITY_KIND_RUNTIME VALUES
    (2000000, 2005000, 0, 1 << 56 | 1000 << 24 | 1000, 11, 1, 0, NULL),
    (1000000, 1004321, 0, 1 << 56 | 1000 << 24 | 1000, 10, 2, 0, NULL),
    (3000000, 4000000, 1, 1 << 56 | 1000 << 24 | 1001, 12, 7, 600, NULL);
CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL (start INTEGER NOT NULL, end INTEGER NOT NULL,
    deviceId INTEGER NOT NULL, contextId INTEGER NOT NULL, greenContextId INTEGER,
    streamId INTEGER NOT NULL, correlationId INTEGER, globalPid INTEGER,
    demangledName INTEGER NOT NULL, shortName INTEGER NOT NULL, mangledName INTEGER,
    launchType INTEGER, cacheConfig INTEGER, registersPerThread INTEGER NOT NULL,
    gridX INTEGER NOT NULL, gridY INTEGER NOT NULL, gridZ INTEGER NOT NULL,
    blockX INTEGER NOT NULL, blockY INTEGER NOT NULL, blockZ INTEGER NOT NULL,
    staticSharedMemory INTEGER NOT NULL, dynamicSharedMemory INTEGER NOT NULL,
    localMemoryPerThread INTEGER NOT NULL, localMemoryTotal INTEGER NOT NULL,
    gridId INTEGER NOT NULL, sharedMemoryExecuted INTEGER, graphNodeId INTEGER,
    sharedMemoryLimitConfig INTEGER);
INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL VALUES (2010000, 2060001, 0, 1, NULL, 7, 11,
    1 << 56 | 1000 << 24, 3, 4, 10, 0, 0, 32, 64, 2, 1, 256, 1, 1, 1024, 512, 0, 0, 5, NULL, NULL, 0);
CREATE TABLE CUPTI_ACTIVITY_KIND_MEMCPY (start INTEGER NOT NULL, end INTEGER NOT NULL,
    deviceId INTEGER NOT NULL, contextId INTEGER NOT NULL, greenContextId INTEGER,
    streamId INTEGER NOT NULL, correlationId INTEGER, globalPid INTEGER, bytes INTEGER NOT NULL,
    copyKind INTEGER NOT NULL, deprecatedSrcId INTEGER, srcKind INTEGER, dstKind INTEGER,
    srcDeviceId INTEGER, srcContextId INTEGER, dstDeviceId INTEGER, dstContextId INTEGER,
    migrationCause INTEGER, graphNodeId INTEGER, virtualAddress INTEGER);
INSERT INTO CUPTI_ACTIVITY_KIND_MEMCPY (start, end, deviceId, contextId, streamId, correlationId,
    globalPid, bytes, copyKind, dstDeviceId) VALUES
    (1010000, 1020000, 0, 1, 7, 10, 1 << 56 | 1000 << 24, 1048576, 1, NULL),
    (2070000, 2080000, 0, 1, 7, 13, 1 << 56 | 1000 << 24, 4096, 10, 1);
CREATE TABLE CUPTI_ACTIVITY_KIND_MEMSET (start INTEGER NOT NULL, end INTEGER NOT NULL,
    deviceId INTEGER NOT NULL, contextId INTEGER NOT NULL, greenContextId INTEGER,
    streamId INTEGER NOT NULL, correlationId INTEGER, globalPid INTEGER, value INTEGER NOT NULL,
    bytes INTEGER NOT NULL, graphNodeId INTEGER, memKind INTEGER);
INSERT INTO CUPTI_ACTIVITY_KIND_MEMSET VALUES
    (900000, 901000, 0, 1, NULL, 7, 9, 1 << 56 | 1000 << 24, 0, 65536, NULL, 2);
CREATE TABLE CUPTI_ACTIVITY_KIND_SYNCHRONIZATION (start INTEGER NOT NULL, end INTEGER NOT NULL,
    deviceId INTEGER NOT NULL, contextId INTEGER NOT NULL, greenContextId INTEGER,
    streamId INTEGER NOT NULL, correlationId INTEGER, globalPid INTEGER,
    syncType INTEGER NOT NULL, eventId INTEGER NOT NULL);
INSERT INTO CUPTI_ACTIVITY_KIND_SYNCHRONIZATION VALUES
    (3000500, 3999000, 0, 1, NULL, 7, 12, 1 << 56 | 1000 << 24, 3, 0);
CREATE TABLE NVTX_EVENTS (start INTEGER NOT NULL, end INTEGER, eventType INTEGER NOT NULL,
    rangeId INTEGER, category INTEGER, color INTEGER, text TEXT, globalTid INTEGER,
    endGlobalTid INTEGER, textId INTEGER, domainId INTEGER, uint64Value INTEGER,
    int64Value INTEGER, doubleValue REAL, uint32Value INTEGER, int32Value INTEGER,
    floatValue REAL, jsonTextId INTEGER, jsonText TEXT, binaryData TEXT);
INSERT INTO NVTX_EVENTS (start, end, eventType, text, textId, globalTid, rangeId, domainId, category,
    uint64Value, doubleValue, jsonText) VALUES
    (100, NULL, 75, 'NCCL', NULL, 1 << 56 | 1000 << 24 | 1000, NULL, 1, NULL, NULL, NULL, NULL),
    (500000, 5000000, 59, NULL, 8, 1 << 56 | 1000 << 24 | 1000, NULL, 0, NULL, NULL, NULL, NULL),
    (600000, 700000, 59, 'all reduce', NULL, 1 << 56 | 1000 << 24 | 1000, NULL, 1, 3, 42, NULL, NULL),
    (650000, 4500000, 60, 'across threads', NULL, 1 << 56 | 1000 << 24 | 1000, 77, 0, NULL, NULL, 0.5, '{"a":1}'),
    (660000, NULL, 34, 'mark', NULL, 1 << 56 | 1000 << 24 | 1001, NULL, 0, NULL, NULL, NULL, NULL),
    (8000000, NULL, 59, 'not ended', NULL, 1 << 56 | 1000 << 24 | 1001, NULL, 0, NULL, NULL, NULL, NULL);
CREATE TABLE OSRT_API (start INTEGER NOT NULL, end INTEGER NOT NULL, eventClass INTEGER NOT NULL,
    globalTid INTEGER, nameId INTEGER NOT NULL, returnValue INTEGER NOT NULL, nestingLevel INTEGER,
    callchainId INTEGER NOT NULL);
INSERT INTO OSRT_API VALUES (-5000, 12345, 27, 1 << 56 | 1000 << 24 | 1001, 6, -1, NULL, 0);
CREATE TABLE SCHED_EVENTS (start INTEGER NOT NULL, cpu INTEGER NOT NULL, isSchedIn INTEGER NOT NULL,
    globalTid INTEGER);
INSERT INTO SCHED_EVENTS VALUES (1000, 3, 1, 1 << 56 | 1000 << 24 | 1000),
    (9000, 3, 0, 1 << 56 | 1000 << 24 | 1000), (9500, 3, 0, 1 << 56 | 1000 << 24 | 1001);
CREATE TABLE COMPOSITE_EVENTS (id INTEGER NOT NULL PRIMARY KEY, start INTEGER NOT NULL, cpu INTEGER,
    threadState INTEGER, globalTid INTEGER, cpuCycles INTEGER NOT NULL);
INSERT INTO COMPOSITE_EVENTS VALUES (1, 4000, 3, 1, 1 << 56 | 1000 << 24 | 1000, 123456);
CREATE TABLE TARGET_INFO_GPU_METRICS (typeId INTEGER, sourceId INTEGER, typeName TEXT,
    metricId INTEGER, metricName TEXT);
INSERT INTO TARGET_INFO_GPU_METRICS VALUES (256, 0, 'x', 1, 'SMs Active [Throughput %]');
CREATE TABLE GPU_METRICS (timestamp INTEGER, typeId INTEGER, metricId INTEGER, value INTEGER);
INSERT INTO GPU_METRICS VALUES (100000, 256, 1, 40), (200000, 256, 1, 75);
CREATE TABLE CUDA_GPU_MEMORY_USAGE_EVENTS (start INTEGER NOT NULL, bytes INTEGER NOT NULL);
INSERT INTO CUDA_GPU_MEMORY_USAGE_EVENTS VALUES (1, 2), (3, 4);
CREATE TABLE MPI_P2P_EVENTS (start INTEGER NOT NULL, end INTEGER, globalTid INTEGER, textId INTEGER,
    commHandle INTEGER, tag INTEGER, remoteRank INTEGER, size INTEGER, requestHandle INTEGER);
INSERT INTO StringIds VALUES (20, 'MPI_Send'), (21, 'cublasSgemm_v2');
INSERT INTO MPI_P2P_EVENTS VALUES (5100000, 5200000, 1 << 56 | 1000 << 24 | 1000, 20, 1, 9, 3, 800, NULL);
CREATE TABLE CUBLAS_EVENTS (start INTEGER NOT NULL, end INTEGER NOT NULL, eventClass INTEGER NOT NULL,
    globalTid INTEGER, nameId INTEGER NOT NULL);
INSERT INTO CUBLAS_EVENTS VALUES (5300000, 5400000, 28, 1 << 56 | 1000 << 24 | 1000, 21);
