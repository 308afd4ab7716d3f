# needs: node
# varies: end futex brk madvise sched_yield mprotect munmap mmap
# all
prepare() { echo 'const fs = require("fs"); fs.writeFileSync("x", "y".repeat(9000)); console.log(fs.readFileSync("x").length);' >x.js; }
run() { exec node --single-threaded x.js; }
"$@"
