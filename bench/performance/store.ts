import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Measured, Results } from './measured.ts'

/** The last results, so that each part of the page can be measured by itself. */
export interface Store {
  /** Of the Node of the tables. */
  readonly here?: Results
  /** Of the others, by their major version. */
  readonly versions: Readonly<Record<string, Measured>>
}

const file = join(import.meta.dirname, 'results.json')

export function readStore(): Store {
  if (!existsSync(file)) return { versions: {} }
  return JSON.parse(readFileSync(file, 'utf8')) as Store
}

export function writeStore(store: Store): void {
  writeFileSync(file, `${JSON.stringify(store, rounded, 2)}\n`)
}

/** More digits would only look as if they meant something. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value
}
