import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

// Runs one Redis server, empty and on loopback only, and ends with it. The server ends with this process,
// and this one with its parent, however that ends: the server itself would not notice.

const [, , program = '', port = ''] = process.argv
const folder = mkdtempSync(join(tmpdir(), 'short-circuit-demo-'))
const server = spawn(
  program,
  ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder],
  { stdio: 'ignore', cwd: folder },
)
server.once('error', (error) => {
  throw error
})
server.once('exit', () => process.exit())
process.once('exit', () => {
  server.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})
process.once('disconnect', () => process.exit())
// Ctrl-C reaches every process of the terminal at once; the parent decides when this one ends.
process.on('SIGINT', () => {})

while (!(await answers())) await sleep(10)
process.send?.({ pid: server.pid })

function answers(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(Number(port), '127.0.0.1', () => socket.write('PING\r\n'))
    socket.once('data', (reply) => resolve(String(reply) === '+PONG\r\n'))
    socket.once('data', () => socket.destroy())
    socket.once('error', () => resolve(false))
  })
}
