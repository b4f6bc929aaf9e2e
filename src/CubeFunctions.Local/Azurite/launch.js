// Starts a Node program in a session of its own, prints its process id and ends. A Ctrl-C in the terminal of whoever asked does not reach it.
// usage: node launch.js <log file> <program> [arguments]
process.on('SIGINT', () => {}); // between the start and the print nothing may be lost
const { spawn } = require('node:child_process');
const { openSync } = require('node:fs');

const [log, program, ...rest] = process.argv.slice(2);
const output = openSync(log, 'w');
const child = spawn(process.execPath, [program, ...rest], { detached: true, stdio: ['ignore', output, output] });
child.unref();
console.log(child.pid);
