import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

export const root: string = join(import.meta.dirname, '../..')

export interface Example {
  /** Where a reader finds it: file and line of its first line of code. */
  readonly at: string
  readonly file: string
  readonly line: number
  readonly code: string
  /** `false` for blocks marked `no-run`, which are type-checked only. */
  readonly runs: boolean
}

/** Every ```ts block of the README and of docs/, and every `@example` in src/. */
export function findExamples(): Example[] {
  const pages = ['README.md', ...list('docs', '.md')].flatMap((file) => blocks(file, read(file)))
  const comments = list('src', '.ts')
    .filter((file) => !/\.test(-d)?\.ts$/.test(file))
    .map((file) => ({ file, text: onlyDocComments(read(file)) }))
    .flatMap(({ file, text }) => [...blocks(file, text), ...bareExamples(file, text)])
  return [...pages, ...comments]
}

function blocks(file: string, text: string): Example[] {
  const found: Example[] = []
  const fences = /^([ \t]*)```(?:ts|typescript)\b([^\n]*)\n([\s\S]*?)^[ \t]*```[ \t]*$/gm
  for (const { index, 1: indent = '', 2: info = '', 3: code = '' } of text.matchAll(fences)) {
    const line = text.slice(0, index).split('\n').length + 1
    found.push({
      at: `${file}:${line}`,
      file,
      line,
      code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      runs: !info.split(/\s+/).includes('no-run'),
    })
  }
  return found
}

// An `@example` may also be code without a fence; it ends with the next tag or the comment.
function bareExamples(file: string, text: string): Example[] {
  const lines = text.split('\n')
  const isEnd = (line: string) => /^@[a-z]/i.test(line) || line === END_OF_COMMENT
  return lines.flatMap((tag, index) => {
    if (!/^@example\b/.test(tag)) return []
    const end = lines.findIndex((line, at) => at > index && isEnd(line))
    const code = lines.slice(index + 1, end).join('\n')
    if (/^\s*```/m.test(code)) return []
    return [{ at: `${file}:${index + 2}`, file, line: index + 2, code, runs: true }]
  })
}

const END_OF_COMMENT = '*/'

// Everything else becomes an empty line, so that line numbers stay those of the file.
function onlyDocComments(source: string): string {
  let text = ''
  let end = 0
  for (const { index, 0: comment } of source.matchAll(/^[ \t]*\/\*\*[\s\S]*?\*\//gm)) {
    text += source.slice(end, index).replaceAll(/[^\n]/g, '')
    text += comment
      .replace(/^\s*\/\*\*/, '')
      .replaceAll(/^[ \t]*\* ?(?!\/)/gm, '')
      .replace(/\s*\*\/$/, `\n${END_OF_COMMENT}`)
    end = index + comment.length
  }
  return text
}

export function list(folder: string, extension: string): string[] {
  const path = join(root, folder)
  if (!existsSync(path)) return []
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map((entry) => relative(root, join(path, entry)))
    .filter((file) => file.endsWith(extension))
    .sort()
}

export function read(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}
