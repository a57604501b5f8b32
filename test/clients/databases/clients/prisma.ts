import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { copyFile, mkdtemp } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { protect } from '../../../../src/index.ts'
import { type DatabaseClient, type TestedClient, tested, WRONG } from '../contract.ts'

/** As much of a generated client as is called here. */
export interface Prisma extends Statements {
  $transaction<T>(action: (tx: Statements) => Promise<T>, options: object): Promise<T>
  $transaction(queries: readonly Promise<unknown>[]): Promise<unknown[]>
  $disconnect(): Promise<void>
}

interface Statements {
  readonly order: {
    create(args: object): Promise<unknown>
    count(): Promise<number>
    findMany(): Promise<unknown[]>
    findUniqueOrThrow(args: object): Promise<unknown>
  }
  $queryRawUnsafe(statement: string): Promise<{ readonly n: number }[]>
}

const folder = fileURLToPath(new URL('../../prisma/', import.meta.url))
const require = createRequire(join(folder, 'package.json'))
let generated: Promise<string> | undefined

/** Writes the client, as `npx prisma generate` does, where its packages are found. */
async function generate(): Promise<string> {
  const place = await mkdtemp(join(folder, 'node_modules/.generated-'))
  process.once('exit', () => rmSync(place, { recursive: true, force: true }))
  const schema = join(place, 'schema.prisma')
  await copyFile(join(folder, 'schema.prisma'), schema)
  const env = {
    ...process.env,
    CHECKPOINT_DISABLE: '1',
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    // It would download this program, which migrates databases and is not needed here.
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
  }
  const args = [require.resolve('prisma/build/index.js'), 'generate', '--schema', schema]
  await promisify(execFile)(process.execPath, args, { cwd: folder, env })
  return join(place, 'client')
}

/** A client with one connection at most. */
export async function connect(port: number): Promise<Prisma> {
  generated ??= generate()
  const { PrismaClient } = require(await generated)
  const { PrismaPg } = require('@prisma/adapter-pg')
  const account = { host: '127.0.0.1', user: 'root', database: 'postgres' }
  return new PrismaClient({ adapter: new PrismaPg({ ...account, port, max: 1 }) })
}

const client: DatabaseClient<Prisma, Prisma> = {
  name: 'Prisma Client',
  packages: ['@prisma/adapter-pg', '@prisma/client'],
  guarded: 'protect(new PrismaClient({ adapter }), breaker)',
  trap: 'a query is a call when it is awaited; those of `$transaction([…])` are one',
  open: connect,
  close: (raw) => raw.$disconnect(),
  guard: protect,
  select: async (prisma) => (await prisma.$queryRawUnsafe('select 1 as n'))[0]?.n,
  insert: (prisma, id) => prisma.order.create({ data: { id } }),
  sleep: (prisma) => prisma.$queryRawUnsafe('select 1 as n from pg_sleep(60)'),
  transact: (prisma, action) =>
    prisma.$transaction(
      (tx) =>
        action({
          insert: (id) => tx.order.create({ data: { id } }),
          fail: () => tx.$queryRawUnsafe(WRONG),
        }),
      { maxWait: 30_000, timeout: 30_000 },
    ),
}

export const prisma: TestedClient = tested(client)
