import { readFileSync } from 'node:fs'
import type { Client } from './client.ts'

/** The Node that a client asks for, if this is another one. */
export function missingNode({ packages }: Client): string | undefined {
  const ranges = packages.map(nodeOf)
  return ranges.find((range) => range !== undefined && !satisfies(process.versions.node, range))
}

/** The Node that a package asks for. */
export function nodeOf(name: string): string | undefined {
  const file = new URL(`node_modules/${name}/package.json`, import.meta.url)
  const { engines } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly engines?: { readonly node?: string }
  }
  return engines?.node
}

/** Of the ranges of npm, those that packages have for Node: `^20.19.0 || >=22.12`. */
export function satisfies(version: string, range: string): boolean {
  return range.split('||').some((part) => {
    const [, operator, lowest = ''] = /^\s*(\^|>=)\s*([\d.x*]+)\s*$/.exec(part) ?? []
    if (operator === undefined) throw new Error(`cannot read the range ${range}`)
    if (operator === '^' && numbersOf(version)[0] !== numbersOf(lowest)[0]) return false
    return compare(numbersOf(version), numbersOf(lowest)) >= 0
  })
}

function numbersOf(version: string): readonly number[] {
  return version.split('.').map((part) => (/^[x*]$/.test(part) ? 0 : Number(part)))
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < 3; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
