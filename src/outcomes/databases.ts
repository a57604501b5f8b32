import type { Outcome } from '../index.ts'
import { type Classifier, codes, firstOutcome, ofErrors, read, readText } from './classifier.ts'
import { networkOutcome } from './network.ts'

/** Of connections first: `EPIPE` has five letters, as an SQLSTATE has. */
function database(outcomeOf: (cause: object) => Outcome | undefined): Classifier {
  return ofErrors((error) => networkOutcome(error) ?? firstOutcome(error, outcomeOf))
}

/** Connection, resources, operator intervention, system, internal and configuration errors, read-only. */
const POSTGRES_FAILURES = /^(08|53|57|58|XX|F0|25006)/
/** Rolled back or locked, and not let in: neither says how the server is. */
const POSTGRES_NEUTRAL = /^(40|28|55P03)/

/**
 * Classifies by the SQLSTATE of PostgreSQL errors, of pg, postgres.js and what is built on them.
 *
 * - failure: connection errors, too many connections, out of memory or disk, shutdown, statement timeout, read-only,
 *   internal errors
 * - neutral: serialization failures, deadlocks, locks that are not available, authentication
 * - success: every other error of a statement: the server has answered
 *
 * @example
 * import { postgres } from 'short-circuit/outcomes'
 *
 * const syntaxError = Object.assign(new Error('syntax error'), { code: '42601' })
 * console.assert(postgres({ status: 'rejected', reason: syntaxError }) === 'success')
 */
export const postgres: Classifier = /* @__PURE__ */ database((cause) =>
  sqlStateOutcome(read(cause, 'code')),
)

function sqlStateOutcome(code: unknown): Outcome | undefined {
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code)) return undefined
  if (POSTGRES_FAILURES.test(code)) return 'failure'
  return POSTGRES_NEUTRAL.test(code) ? 'neutral' : 'success'
}

/** Too many connections, out of resources, shutdown, too many per user, read-only, execution time. */
const MYSQL_FAILURES = [1040, 1041, 1053, 1203, 1290, 3024]
/** Lock wait timeout, deadlock. */
const MYSQL_NEUTRAL = [1205, 1213]
/** Errors of the server; below are those of the operating system. */
const MYSQL_FIRST = 1000

/**
 * Classifies by the error number of MySQL and MariaDB errors, of mysql2 and what is built on it.
 *
 * - failure: lost connections, too many connections, shutdown, read-only, execution time exceeded
 * - neutral: lock wait timeouts, deadlocks
 * - success: every other error of a statement
 *
 * @example
 * import { mysql } from 'short-circuit/outcomes'
 *
 * const deadlock = Object.assign(new Error('Deadlock found'), { code: 'ER_LOCK_DEADLOCK', errno: 1213 })
 * console.assert(mysql({ status: 'rejected', reason: deadlock }) === 'neutral')
 */
export const mysql: Classifier = /* @__PURE__ */ database((cause) => {
  if (read(cause, 'code') === 'PROTOCOL_CONNECTION_LOST') return 'failure'
  return errnoOutcome(read(cause, 'errno'))
})

function errnoOutcome(errno: unknown): Outcome | undefined {
  // Neither NaN.
  if (typeof errno !== 'number' || !(errno >= MYSQL_FIRST)) return undefined
  if (MYSQL_FAILURES.includes(errno)) return 'failure'
  return MYSQL_NEUTRAL.includes(errno) ? 'neutral' : 'success'
}

/** The first word of replies that say how the server is. */
const REDIS_FAILURES =
  /^(LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|READONLY|OOM|MISCONF|NOREPLICAS)\b/
const REDIS_REPLIES = ['ReplyError', 'ErrorReply', 'SimpleError', 'BlobError']

/**
 * Classifies the error replies of Redis and Valkey, of redis, ioredis and iovalkey.
 *
 * - failure: LOADING, BUSY, MASTERDOWN, CLUSTERDOWN, TRYAGAIN, READONLY, OOM, MISCONF, NOREPLICAS
 * - success: every other error reply, such as WRONGTYPE: the server has answered
 *
 * ioredis keeps commands while it is not connected, so that nothing fails: give it
 * `enableOfflineQueue: false`, or the breaker a `callTimeout`.
 *
 * @example
 * import { redis } from 'short-circuit/outcomes'
 *
 * const full = Object.assign(new Error('OOM command not allowed'), { name: 'ReplyError' })
 * console.assert(redis({ status: 'rejected', reason: full }) === 'failure')
 */
export const redis: Classifier = /* @__PURE__ */ database((cause) => {
  const names = [readText(cause, 'name'), readText(read(cause, 'constructor'), 'name')]
  if (!names.some((name) => REDIS_REPLIES.includes(name))) return undefined
  return REDIS_FAILURES.test(readText(cause, 'message')) ? 'failure' : 'success'
})

/** No primary, shutting down, out of time. */
const MONGODB_FAILURES = [50, 91, 189, 10058, 10107, 11600, 11602, 13435, 13436]
const MONGODB_WRITE_CONFLICT = 112
const MONGODB_NAMES = /* @__PURE__ */ codes({
  failure:
    'MongoNetworkError MongoNetworkTimeoutError MongoServerSelectionError MongoPoolClearedError PoolClearedOnNetworkError MongoWaitQueueTimeoutError MongoOperationTimeoutError',
  success: 'MongoServerError MongoBulkWriteError MongoWriteConcernError',
})

/**
 * Classifies the errors of the driver `mongodb`, and of mongoose.
 *
 * - failure: network, server selection and pool errors, no primary, shutdown, out of time
 * - neutral: write conflicts
 * - success: every other error of the server, such as a duplicate key
 *
 * @example
 * import { mongodb } from 'short-circuit/outcomes'
 *
 * const duplicate = Object.assign(new Error('E11000'), { name: 'MongoServerError', code: 11000 })
 * console.assert(mongodb({ status: 'rejected', reason: duplicate }) === 'success')
 */
export const mongodb: Classifier = /* @__PURE__ */ database((cause) => {
  const byName = MONGODB_NAMES.get(readText(cause, 'name'))
  const code = read(cause, 'code')
  if (byName !== 'success' || typeof code !== 'number') return byName
  if (code === MONGODB_WRITE_CONFLICT) return 'neutral'
  return MONGODB_FAILURES.includes(code) ? 'failure' : 'success'
})

const PRISMA = /* @__PURE__ */ codes({
  failure:
    'P1001 P1002 P1008 P1011 P1017 P2024 P2037 PrismaClientInitializationError PrismaClientRustPanicError DatabaseNotReachable ConnectionClosed SocketTimeout TooManyConnections TlsConnectionError',
  neutral: 'P2034 TransactionWriteConflict',
  success: 'PrismaClientValidationError',
})

/**
 * Classifies the errors of Prisma Client.
 *
 * - failure: the database can't be reached, times out or closes connections, the pool is exhausted, the
 *   engine fails
 * - neutral: write conflicts and deadlocks (P2034)
 * - success: every other error of a query (P2…), and invalid queries
 *
 * A query that fails by what the driver of PostgreSQL or MySQL says, as a raw one does, counts as by `postgres` or
 * `mysql`.
 *
 * @example
 * import { prisma } from 'short-circuit/outcomes'
 *
 * const notFound = Object.assign(new Error('not found'), { code: 'P2025' })
 * console.assert(prisma({ status: 'rejected', reason: notFound }) === 'success')
 */
export const prisma: Classifier = /* @__PURE__ */ database((cause) => {
  const code = readText(cause, 'code') || readText(cause, 'errorCode')
  const driver = read(read(read(cause, 'meta'), 'driverAdapterError'), 'cause')
  const original = read(driver, 'originalCode')
  return (
    PRISMA.get(code) ??
    PRISMA.get(readText(cause, 'name')) ??
    PRISMA.get(readText(driver, 'kind')) ??
    sqlStateOutcome(original) ??
    errnoOutcome(Number(original)) ??
    (/^P2\d{3}$/.test(code) ? 'success' : undefined)
  )
})
