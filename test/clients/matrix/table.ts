import { readFileSync } from 'node:fs'
import type { Client } from './client.ts'
import type { Findings } from './contract.ts'
import { nodeOf, satisfies } from './engines.ts'

/** The comment before the table in the documentation. */
export const COMMENT = 'Written by `npm run test:clients -- -u`.'

export const HEAD: readonly string[] = [
  'client',
  'tested with',
  'guarded by',
  'a rejected call ends with',
  'a body that dies is',
  'know this',
]

export function cellsOf(client: Client, { rejection, brokenBody }: Findings): string[] {
  return [
    client.name,
    testedWith(client),
    `\`${client.guarded}\``,
    rejection ?? '',
    client.brokenBody ?? brokenBody ?? '',
    client.trap,
  ]
}

/** The oldest that this library supports. */
const OLDEST_NODE = '20.19.0'

function testedWith({ packages }: Client): string {
  if (packages.length === 0) return 'that of Node'
  const needs = packages.map(nodeOf).find((range) => range && !satisfies(OLDEST_NODE, range))
  const versions = packages.map((name) => `${name} ${versionOf(name)}`).join(', ')
  return needs === undefined ? versions : `${versions} (Node ${needs})`
}

/** As `package.json` asks for it, exactly. */
function versionOf(name: string): string {
  const version = dependencies[name]
  if (version === undefined) throw new Error(`${name} is not in package.json`)
  return version.slice(version.lastIndexOf('@') + 1)
}

const { dependencies } = JSON.parse(
  readFileSync(new URL('package.json', import.meta.url), 'utf8'),
) as { readonly dependencies: Readonly<Record<string, string | undefined>> }
