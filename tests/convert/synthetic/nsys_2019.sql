-- SPDX-License-Identifier: MIT
-- Synthetic: what an export of Nsight Systems 2019 looks like, after the documentation that came with
-- CUDA 10.1: fewer columns, everything NOT NULL, no start of the session in CLOCK_REALTIME.
CREATE TABLE StringIds (id INTEGER PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO StringIds VALUES (1, 'cudaLaunchKernel'), (3, 'void scale<float>(float*, int)'), (4, 'scale'),
    (6, 'poll'), (11, 'cuMemcpyHtoD_v2');
CREATE TABLE CUPTI_ACTIVITY_KIND_RUNTIME (start INT NOT NULL, end INT NOT NULL, globalTid INT NOT NULL,
    correlationId INT NOT NULL, nameId INT NOT NULL, returnValue INT NOT NULL);
INSERT INTO CUPTI_ACTIVITY_KIND_RUNTIME VALUES (2000000, 2005000, 1000 << 24 | 1000, 11, 1, 0);
CREATE TABLE CUPTI_ACTIVITY_KIND_DRIVER (start INT NOT NULL, end INT NOT NULL, globalTid INT NOT NULL,
    correlationId INT NOT NULL, nameId INT NOT NULL, returnValue INT NOT NULL);
INSERT INTO CUPTI_ACTIVITY_KIND_DRIVER VALUES (1000000, 1004321, 1000 << 24 | 1000, 10, 11, 0);
CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL (start INT NOT NULL, end INT NOT NULL, deviceId INT NOT NULL,
    contextId INT NOT NULL, streamId INT NOT NULL, correlationId INT NOT NULL, globalPid INT NOT NULL,
    demangledName INT NOT NULL, shortName INT NOT NULL, gridX INT NOT NULL, gridY INT NOT NULL,
    gridZ INT NOT NULL, blockX INT NOT NULL, blockY INT NOT NULL, blockZ INT NOT NULL,
    staticSharedMemory INT NOT NULL, dynamicSharedMemory INT NOT NULL);
INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL VALUES (2010000, 2060001, 0, 1, 7, 11, 1000 << 24, 3, 4, 64, 2, 1,
    256, 1, 1, 1024, 512);
CREATE TABLE CUPTI_ACTIVITY_KIND_MEMCPY (start INT NOT NULL, end INT NOT NULL, deviceId INT NOT NULL,
    contextId INT NOT NULL, streamId INT NOT NULL, correlationId INT NOT NULL, globalPid INT NOT NULL,
    bytes INT NOT NULL, copyKind INT NOT NULL, srcId INT NOT NULL, dstId INT NOT NULL);
INSERT INTO CUPTI_ACTIVITY_KIND_MEMCPY VALUES
    (1010000, 1020000, 0, 1, 7, 10, 1000 << 24, 1048576, 2, 0, 0);
CREATE TABLE NVTX_EVENTS (start INT NOT NULL, end INT NOT NULL, eventType INT NOT NULL,
    rangeId INT NOT NULL, category INT NOT NULL, color INT NOT NULL, text TEXT NOT NULL,
    globalTid INT NOT NULL, endGlobalTid INT NOT NULL);
INSERT INTO NVTX_EVENTS VALUES (500000, 5000000, 59, 0, 0, 0, 'train step', 1000 << 24 | 1000, 0),
    (600000, 0, 34, 0, 0, 0, 'mark', 1000 << 24 | 1000, 0);
CREATE TABLE OSRT_API (start INT NOT NULL, end INT NOT NULL, globalTid INT NOT NULL,
    correlationId INT NOT NULL, nameId INT NOT NULL, returnValue INT NOT NULL, nestingLevel INT,
    callchainId INT NOT NULL);
INSERT INTO OSRT_API VALUES (100, 12345, 1000 << 24 | 1001, 0, 6, 1, 0, 0);
