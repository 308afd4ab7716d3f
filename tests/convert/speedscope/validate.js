// SPDX-License-Identifier: MIT
// validate.js FILE...: each against speedscope's own schema, and what a schema cannot say: that the
// frames of an evented profile open and close in turn, in order of time, and exist.
"use strict";
const fs = require("fs");
const path = require("path");
const { createRequire } = require("module");
const peers = createRequire(path.join(process.env.RN_PEERS, "x.js"));
const Ajv = peers("ajv");
const schema = JSON.parse(
    fs.readFileSync(peers.resolve("speedscope/dist/release/file-format-schema.json"), "utf8"));
const validate = new Ajv({ allErrors: false, strict: false }).compile(schema);

function walk(profile, frames) {
    const open = [];
    let last = profile.startValue;
    for (const event of profile.events) {
        if (event.at < last || event.at > profile.endValue)
            throw new Error(`${profile.name}: out of order at ${event.at}`);
        if (!(event.frame < frames))
            throw new Error(`${profile.name}: there is no frame ${event.frame}`);
        last = event.at;
        if (event.type === "O")
            open.push(event.frame);
        else if (open.pop() !== event.frame)
            throw new Error(`${profile.name}: frame ${event.frame} is closed and was not the last`);
    }
    if (open.length)
        throw new Error(`${profile.name}: ${open.length} frames stay open`);
}

for (const file of process.argv.slice(2)) {
    const content = JSON.parse(fs.readFileSync(file, "utf8"));
    if (!validate(content)) {
        console.log(file, JSON.stringify(validate.errors));
        process.exit(1);
    }
    for (const profile of content.profiles)
        walk(profile, content.shared.frames.length);
}
