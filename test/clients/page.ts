import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const page: string = fileURLToPath(new URL('../../docs/clients.md', import.meta.url))

const END = '<!-- End of what is written. -->\n'

/** The page of the documentation, with a table between the comments around it. */
export function pageWith(
  comment: string,
  head: readonly string[],
  rows: readonly string[][],
): string {
  const text = readFileSync(page, 'utf8')
  const begin = text.indexOf(`<!-- ${comment} -->\n`)
  const end = text.indexOf(END, begin)
  if (begin < 0 || end < 0) throw new Error(`docs/clients.md has no ${comment} … ${END}`)
  const table = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`)
  return text.slice(0, text.indexOf('\n', begin) + 1) + table.join('') + text.slice(end)
}
