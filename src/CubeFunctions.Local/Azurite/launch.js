// Starts a Node program in a session of its own, prints its process id and ends. A Ctrl-C in the terminal of whoever asked does not reach it.
// Loads quick-removal.js first, which lies beside it.
// usage: node launch.js <log file> <program> [arguments]
const { spawn } = require('node:child_process');
const { openSync } = require('node:fs');
const { join } = require('node:path');

const [log, program, ...rest] = process.argv.slice(2);
const output = openSync(log, 'w');
const child = spawn(process.execPath, ['--require', join(__dirname, 'quick-removal.js'), program, ...rest], { detached: true, stdio: ['ignore', output, output] });
child.unref();
console.log(child.pid);
