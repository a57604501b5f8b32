import type { RequestHandler as Newest } from 'express'
import type { ErrorRequestHandler, RequestHandler } from 'express-4'
import type { FastifyInstance } from 'fastify'
import type { FastifyInstance as OldestFastify } from 'fastify-5.0'
import type { Hono } from 'hono'
import type { Hono as OldestHono } from 'hono-4.8'
import { circuitErrors as expressErrors } from '../../../src/express/index.ts'
import { circuits } from '../../../src/fastify/index.ts'
import { circuitErrors as honoErrors } from '../../../src/hono/index.ts'
import { CircuitRegistry } from '../../../src/index.ts'

// Only compiled: what servers take is taken by the newest and by the oldest that are supported.

export const oldestExpress: ErrorRequestHandler = expressErrors()
// @ts-expect-error -- it handles errors, not requests
export const notForRequests: RequestHandler & Newest = expressErrors()

const registry = new CircuitRegistry()
const options = { registry, health: '/ready' }

export function onNewestFastify(app: FastifyInstance): unknown {
  return app.register(circuits, options)
}

export function onOldestFastify(app: OldestFastify): unknown {
  return app.register(circuits, options)
}

export function onHono(newest: Hono, oldest: OldestHono): void {
  newest.onError(honoErrors((_error, context) => context.text('sorry', 500)))
  oldest.onError(honoErrors((_error, context) => context.text('sorry', 500)))
}
