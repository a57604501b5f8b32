import { appendFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

// The server that the tests hurt, run as a process of its own (see upstream-process.ts). What it
// does with a request, the request's path says.

const port = Number(process.argv[2])
/** Grows by one byte an answer, for a caller whose event loop is too busy to be told. */
const answers = String(process.argv[3])

let requests = 0
let aborted = 0
let refusals = 0

const server = createServer((request, response) => {
  requests += 1
  tell()
  response.on('finish', () => appendFileSync(answers, '.'))
  response.on('close', () => {
    if (response.writableFinished) return
    aborted += 1
    tell()
  })
  answer(request, response)
})

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://upstream')
  if (pathname === '/never') return
  if (pathname === '/slow') {
    setTimeout(() => response.end('hello'), Number(searchParams.get('ms')))
    return
  }
  if (pathname === '/broken') {
    response.writeHead(200, { 'content-length': '1000' })
    response.write('the first half', () => request.socket.resetAndDestroy())
    return
  }
  if (pathname === '/busy' && refusals < Number(searchParams.get('times'))) {
    refusals += 1
    response.writeHead(503, { 'retry-after': '1' })
  }
  response.end('hello')
}

function tell(): void {
  process.send?.({ requests, aborted })
}

// After a kill the port can be taken for a moment by a caller's own outgoing connection.
let attempts = 0
server.on('error', (error: NodeJS.ErrnoException) => {
  attempts += 1
  if (error.code !== 'EADDRINUSE' || attempts > 40) throw error
  setTimeout(listen, 50)
})
server.on('listening', () => {
  const address = server.address()
  if (typeof address === 'object') process.send?.({ port: address?.port })
})

function listen(): void {
  server.listen({ host: '127.0.0.1', port, backlog: 1000 })
}

process.on('disconnect', () => process.exit())
listen()
