import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Client } from './client.ts'
import type { Findings } from './contract.ts'

export const page: string = fileURLToPath(new URL('../../../docs/clients.md', import.meta.url))

const BEGIN = '<!-- Written by `npm run test:clients -- -u`. -->\n'
const END = '<!-- End of what is written. -->\n'

/** The page of the documentation, with the table as it is now. */
export function pageWith(rows: readonly (readonly [Client, Findings])[]): string {
  const text = readFileSync(page, 'utf8')
  const begin = text.indexOf(BEGIN)
  const end = text.indexOf(END)
  if (begin < 0 || end < begin) throw new Error(`docs/clients.md has no ${BEGIN} … ${END}`)
  return text.slice(0, begin + BEGIN.length) + tableOf(rows) + text.slice(end)
}

function tableOf(rows: readonly (readonly [Client, Findings])[]): string {
  const lines = rows.map(([client, { rejection, brokenBody }]) => [
    client.name,
    client.packages.map(versionOf).join(', '),
    `\`${client.guarded}\``,
    rejection ?? '',
    client.brokenBody ?? brokenBody ?? '',
    client.trap,
  ])
  const head = [
    'client',
    'tested with',
    'guarded by',
    'a rejected call ends with',
    'a body that dies is',
    'know this',
  ]
  return [head, head.map(() => '---'), ...lines]
    .map((cells) => `| ${cells.join(' | ')} |\n`)
    .join('')
}

/** Of what `package.json` asks for, exactly. */
function versionOf(name: string): string {
  const version = dependencies[name]
  if (version === undefined) throw new Error(`${name} is not in package.json`)
  return version
}

const { dependencies } = JSON.parse(
  readFileSync(new URL('package.json', import.meta.url), 'utf8'),
) as { readonly dependencies: Readonly<Record<string, string | undefined>> }
