import { describe, expect, it } from 'vitest'
import type { Outcome } from '../index.ts'
import { createOpenError } from '../testing/index.ts'
import { aws } from './aws.ts'
import { type Classifier, firstOf } from './classifier.ts'
import { mongodb, mysql, postgres, prisma, redis } from './databases.ts'
import { grpc } from './grpc.ts'

function failed(about: object, message = 'failed'): Error {
  return Object.assign(new Error(message), about)
}

function fail(): never {
  throw new Error('hostile')
}

/** By itself and as what a library on top has wrapped. */
function outcomesOf(classifier: Classifier, error: Error): unknown[] {
  const wrapped = new Error('Failed query', { cause: error })
  return [error, wrapped].map((reason) => classifier({ status: 'rejected', reason }))
}

type Row = readonly [
  what: string,
  about: object,
  outcome: Outcome | undefined,
  message?: string | undefined,
]

const tables: Readonly<Record<string, readonly [Classifier, readonly Row[]]>> = {
  grpc: [
    grpc,
    [
      ['CANCELLED', { code: 1 }, 'cancelled'],
      ['UNKNOWN', { code: 2 }, 'failure'],
      ['INVALID_ARGUMENT', { code: 3 }, 'success'],
      ['DEADLINE_EXCEEDED', { code: 4 }, 'failure'],
      ['NOT_FOUND', { code: 5 }, 'success'],
      ['ALREADY_EXISTS', { code: 6 }, 'success'],
      ['PERMISSION_DENIED', { code: 7 }, 'success'],
      ['RESOURCE_EXHAUSTED', { code: 8 }, 'neutral'],
      ['FAILED_PRECONDITION', { code: 9 }, 'success'],
      ['ABORTED', { code: 10 }, 'success'],
      ['UNIMPLEMENTED', { code: 12 }, 'success'],
      ['INTERNAL', { code: 13 }, 'failure'],
      ['UNAVAILABLE', { code: 14 }, 'failure'],
      ['DATA_LOSS', { code: 15 }, 'failure'],
      ['UNAUTHENTICATED', { code: 16 }, 'success'],
      ['no code of gRPC', { code: 17 }, undefined],
      ['OK, which is no error', { code: 0 }, undefined],
      ['a code that is a text', { code: 'ENOENT' }, undefined],
      [
        'RESOURCE_EXHAUSTED with a time',
        { code: 8, metadata: new Map([['grpc-retry-pushback-ms', ['7000']]]) },
        'failure',
      ],
      [
        'RESOURCE_EXHAUSTED that says never',
        { code: 8, metadata: new Map([['grpc-retry-pushback-ms', ['-1']]]) },
        'neutral',
      ],
    ],
  ],
  postgres: [
    postgres,
    [
      ['connection failure', { code: '08006' }, 'failure'],
      ['too many connections', { code: '53300' }, 'failure'],
      ['shutdown', { code: '57P01' }, 'failure'],
      ['statement timeout', { code: '57014' }, 'failure'],
      ['io error', { code: '58030' }, 'failure'],
      ['internal error', { code: 'XX000' }, 'failure'],
      ['configuration file', { code: 'F0000' }, 'failure'],
      ['read-only', { code: '25006' }, 'failure'],
      ['transaction state', { code: '25001' }, 'success'],
      ['serialization', { code: '40001' }, 'neutral'],
      ['deadlock', { code: '40P01' }, 'neutral'],
      ['lock not available', { code: '55P03' }, 'neutral'],
      ['object in use', { code: '55006' }, 'success'],
      ['password', { code: '28P01' }, 'neutral'],
      ['unique', { code: '23505' }, 'success'],
      ['syntax', { code: '42601' }, 'success'],
      ['a broken pipe, which has five letters too', { code: 'EPIPE' }, 'failure'],
      ['refused', { code: 'ECONNREFUSED' }, 'failure'],
      ['no SQLSTATE', { code: 'ERR_X' }, undefined],
    ],
  ],
  mysql: [
    mysql,
    [
      ['lost', { code: 'PROTOCOL_CONNECTION_LOST' }, 'failure'],
      ['too many connections', { code: 'ER_CON_COUNT_ERROR', errno: 1040 }, 'failure'],
      ['out of resources', { errno: 1041 }, 'failure'],
      ['shutdown', { errno: 1053 }, 'failure'],
      ['too many connections of a user', { errno: 1203 }, 'failure'],
      ['read-only', { errno: 1290 }, 'failure'],
      ['execution time', { errno: 3024 }, 'failure'],
      ['lock wait', { errno: 1205 }, 'neutral'],
      ['deadlock', { errno: 1213 }, 'neutral'],
      ['duplicate', { errno: 1062 }, 'success'],
      ['refused', { code: 'ECONNREFUSED', errno: -111 }, 'failure'],
      ['of the operating system', { code: 'EOTHER', errno: -5 }, undefined],
    ],
  ],
  redis: [
    redis,
    [
      ...[
        'LOADING',
        'BUSY',
        'MASTERDOWN',
        'CLUSTERDOWN',
        'TRYAGAIN',
        'READONLY',
        'OOM',
        'MISCONF',
        'NOREPLICAS',
      ].map((word): Row => [word, { name: 'ReplyError' }, 'failure', `${word} for a reason`]),
      ['WRONGTYPE', { name: 'ReplyError' }, 'success', 'WRONGTYPE Operation against a key'],
      [
        'BUSYGROUP',
        { name: 'ReplyError' },
        'success',
        'BUSYGROUP Consumer Group name already exists',
      ],
      [
        'of redis 5',
        { constructor: { name: 'SimpleError' } },
        'failure',
        'OOM command not allowed',
      ],
      ['reset', { code: 'ECONNRESET' }, 'failure'],
      ['of another kind', {}, undefined, 'LOADING is not a reply here'],
    ],
  ],
  mongodb: [
    mongodb,
    [
      ['network', { name: 'MongoNetworkError' }, 'failure'],
      ['selection', { name: 'MongoServerSelectionError' }, 'failure'],
      ['pool', { name: 'MongoPoolClearedError' }, 'failure'],
      ...(
        [
          ['PrimarySteppedDown', 189],
          ['NotWritablePrimary', 10107],
          ['NotPrimaryNoSecondaryOk', 13435],
          ['NotPrimaryOrSecondary', 13436],
          ['LegacyNotPrimary', 10058],
          ['InterruptedAtShutdown', 11600],
          ['InterruptedDueToReplStateChange', 11602],
          ['ShutdownInProgress', 91],
          ['MaxTimeMSExpired', 50],
        ] as const
      ).map(([name, code]): Row => [name, { name: 'MongoServerError', code }, 'failure']),
      ['write conflict', { name: 'MongoServerError', code: 112 }, 'neutral'],
      ['duplicate', { name: 'MongoServerError', code: 11000 }, 'success'],
      ['of the server, without a code', { name: 'MongoServerError' }, 'success'],
      ['of another kind', { name: 'MongoInvalidArgumentError' }, undefined],
    ],
  ],
  prisma: [
    prisma,
    [
      ...['P1001', 'P1002', 'P1008', 'P1011', 'P1017', 'P2024', 'P2037'].map(
        (code): Row => [code, { code }, 'failure'],
      ),
      ['conflict', { code: 'P2034' }, 'neutral'],
      ['not found', { code: 'P2025' }, 'success'],
      ['unique', { code: 'P2002' }, 'success'],
      [
        'initialization',
        { name: 'PrismaClientInitializationError', errorCode: 'P1001' },
        'failure',
      ],
      ['panic', { name: 'PrismaClientRustPanicError' }, 'failure'],
      ['validation', { name: 'PrismaClientValidationError' }, 'success'],
      ['of another kind', { code: 'P3005' }, undefined],
      ...(
        [
          ['no connection', { kind: 'DatabaseNotReachable' }, 'failure'],
          ['a connection that is lost', { kind: 'ConnectionClosed' }, 'failure'],
          ['a socket that times out', { kind: 'SocketTimeout' }, 'failure'],
          ['too many connections', { kind: 'TooManyConnections' }, 'failure'],
          ['no TLS', { kind: 'TlsConnectionError' }, 'failure'],
          ['a conflict', { kind: 'TransactionWriteConflict' }, 'neutral'],
          ['a statement timeout', { kind: 'postgres', originalCode: '57014' }, 'failure'],
          ['a lock', { kind: 'postgres', originalCode: '55P03' }, 'neutral'],
          ['a wrong statement', { kind: 'postgres', originalCode: '42601' }, 'success'],
          ['a shutdown of MySQL', { kind: 'mysql', originalCode: '1053' }, 'failure'],
          ['a wait for a lock of MySQL', { kind: 'mysql', originalCode: '1205' }, 'neutral'],
          ['a wrong statement of MySQL', { kind: 'mysql', originalCode: '1064' }, 'success'],
          ['what is not known', { kind: 'sqlite', originalCode: '1' }, 'success'],
        ] as const
      ).map(
        ([what, cause, outcome]): Row => [
          `a raw query by ${what}`,
          { code: 'P2010', meta: { driverAdapterError: { name: 'DriverAdapterError', cause } } },
          outcome,
        ],
      ),
    ],
  ],
  aws: [
    aws,
    [
      ['500', { name: 'InternalServerError', $metadata: { httpStatusCode: 500 } }, 'failure'],
      ['408', { name: 'RequestTimeout', $metadata: { httpStatusCode: 408 } }, 'failure'],
      ['404', { name: 'NoSuchKey', $metadata: { httpStatusCode: 404 } }, 'success'],
      [
        'a condition',
        { name: 'ConditionalCheckFailedException', $metadata: { httpStatusCode: 400 } },
        'success',
      ],
      [
        'throttling by name',
        { name: 'ThrottlingException', $metadata: { httpStatusCode: 400 } },
        'neutral',
      ],
      ['throttling by flag', { name: 'Slow', $retryable: { throttling: true } }, 'neutral'],
      [
        'throttling with a time',
        {
          name: 'SlowDown',
          $response: { headers: { 'retry-after': '3' } },
          $metadata: { httpStatusCode: 503 },
        },
        'failure',
      ],
      ['timeout', { name: 'TimeoutError' }, 'failure'],
      ['refused', { code: 'ECONNREFUSED' }, 'failure'],
      ['of another kind', { name: 'CredentialsProviderError' }, undefined],
    ],
  ],
}

describe.each(Object.entries(tables))('%s', (_, [classifier, rows]) => {
  it.each(rows.map(([what, ...row]) => ({ what, row })))('$what', ({ row }) => {
    const [about, outcome, message] = row

    expect(outcomesOf(classifier, failed(about, message))).toEqual([outcome, outcome])
  })

  it('leaves values and errors of other kinds to others', () => {
    expect(classifier({ status: 'fulfilled', value: { code: 14, errno: 1040 } })).toBeUndefined()
    for (const reason of [undefined, null, 'text', 5, new Error('mine')]) {
      expect(classifier({ status: 'rejected', reason })).toBeUndefined()
    }
  })

  it.each([
    'code',
    'errno',
    'name',
    'message',
    'constructor',
    'errors',
    'cause',
    'errorCode',
    'metadata',
    'response',
    '$metadata',
    '$retryable',
    '$response',
  ])('never throws, whatever an error has as its %s', (key) => {
    const properties: PropertyDescriptor[] = [
      { get: fail },
      { value: Object.create(null) },
      { value: { toString: fail } },
      { value: new Proxy({}, { get: fail }) },
      { value: new Proxy(() => {}, { get: fail }) },
      { value: Symbol('text') },
      { value: 1n },
    ]

    for (const property of properties) {
      const reason = Object.defineProperty(new Error('mine'), key, property)
      expect(classifier({ status: 'rejected', reason })).toBeUndefined()
    }
  })

  it('takes what another breaker has rejected for no evidence', () => {
    expect(outcomesOf(classifier, createOpenError())).toEqual(['cancelled', 'cancelled'])
  })
})

describe('firstOf', () => {
  const mine: Classifier = ({ status }) => (status === 'fulfilled' ? 'neutral' : undefined)

  it('asks one after the other, until one says something', () => {
    const both = firstOf(mine, grpc)

    expect(both({ status: 'fulfilled', value: 1 })).toBe('neutral')
    expect(both({ status: 'rejected', reason: failed({ code: 14 }) })).toBe('failure')
    expect(both({ status: 'rejected', reason: failed({}) })).toBeUndefined()
    expect(firstOf()({ status: 'fulfilled', value: 1 })).toBeUndefined()
  })

  it('throws for anything but functions', () => {
    expect(() => firstOf(grpc, 'http' as never)).toThrow(
      new TypeError('firstOf takes functions, got string'),
    )
  })
})
