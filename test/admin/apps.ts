import { createServer, type RequestListener } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo, Server, Socket } from 'node:net'
import { serve } from '@hono/node-server'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import type { AdminHandler } from '../../src/admin/index.ts'
import { toFastify, toNode } from '../../src/admin/node/index.ts'

export interface Running {
  /** Where the handler is mounted, without a slash at the end. */
  readonly base: string
  readonly port: number
  /** Connections that are open. */
  readonly connections: ReadonlySet<Socket>
  stop(): Promise<void>
}

/** A server that has the handler mounted. */
export interface App {
  readonly name: string
  start(handler: AdminHandler): Promise<Running>
}

function running(server: Server, mount: string): Promise<Running> {
  const connections = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    connections.add(socket)
    socket.on('close', () => connections.delete(socket))
    // Those that are cut off in the middle.
    socket.on('error', () => {})
  })
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const socket of connections) socket.destroy()
    })
  return new Promise((resolve) => {
    const started = (): void => {
      const { port } = server.address() as AddressInfo
      resolve({ base: `http://127.0.0.1:${port}${mount}`, port, connections, stop })
    }
    if (server.listening) started()
    else server.listen(0, '127.0.0.1', started)
  })
}

export const nodeApp: App = {
  name: 'http.createServer(toNode(handler))',
  start: (handler) => running(createServer(toNode(handler)), ''),
}

export const http2Server = (handler: AdminHandler): Promise<Running> =>
  running(createHttp2Server(toNode(handler) as never), '')

function expressApp(name: string, prepare: (app: express.Express) => void): App {
  return {
    name,
    start(handler) {
      const app = express()
      prepare(app)
      app.use('/breakers', toNode(handler))
      app.get('/other', (_request, response) => void response.send('other'))
      return running(createServer(app as RequestListener), '/breakers')
    },
  }
}

export const apps: readonly App[] = [
  nodeApp,
  expressApp('Express', () => {}),
  expressApp('Express behind express.json()', (app) => app.use(express.json())),
  expressApp('Express behind express.raw()', (app) => app.use(express.raw({ type: '*/*' }))),
  expressApp('Express behind express.text()', (app) => app.use(express.text({ type: '*/*' }))),
  {
    name: 'Fastify',
    async start(handler) {
      const app = Fastify()
      app.register(toFastify(handler), { prefix: '/breakers' })
      app.get('/other', async () => 'other')
      await app.ready()
      return running(app.server, '/breakers')
    },
  },
  {
    name: 'Hono',
    start(handler) {
      const app = new Hono()
      app.mount('/breakers', handler)
      app.get('/other', (context) => context.text('other'))
      const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 })
      return running(server as Server, '/breakers')
    },
  },
]
