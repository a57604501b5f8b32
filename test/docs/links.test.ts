import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { list, read, root } from './examples.ts'

const PAGES = [
  'README.md',
  'CODE_OF_CONDUCT.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'SECURITY.md',
  'bench/performance/goals.md',
  'test/mutation/survivors.md',
  ...list('docs', '.md'),
]

describe.each(PAGES)('%s', (page) => {
  const text = read(page)

  it('links to files and headings that exist', () => {
    const links = Array.from(proseOf(text).matchAll(/\]\(([^()\s]+)\)/g), ([, to]) => to as string)
    const relative = links.filter((to) => !/^[a-z]+:/.test(to))

    expect(relative.filter((to) => !isTarget(page, to))).toEqual([])
  })

  it('names files that exist', () => {
    expect(pathsOf(text).filter((path) => !fileOf(page, path))).toEqual([])
  })

  it('names functions and classes that are in the file named with them', () => {
    const members = text.matchAll(/([\w/-]+\.ts):(\w+)/g)
    const missing = Array.from(members).filter(([, path = '', name = '']) => {
      const file = fileOf(page, path)
      return file === undefined || !declares(read(file), name)
    })

    expect(missing.map(([member]) => member)).toEqual([])
  })
})

describe('comments in src/', () => {
  it('name pages that exist', () => {
    const pages = list('src', '.ts').flatMap(
      (file) => read(file).match(/\bdocs\/[\w-]+\.md/g) ?? [],
    )

    expect(pages.filter((page) => !existsSync(join(root, page)))).toEqual([])
  })
})

/** Without blocks of code, whose brackets are not links. */
function proseOf(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gm, '')
}

function isTarget(page: string, to: string): boolean {
  const [path = '', heading] = to.split('#')
  const file = path === '' ? page : normalize(join(dirname(page), path))
  if (!existsSync(join(root, file))) return false
  return heading === undefined || headingsOf(read(file)).includes(heading)
}

/** As GitHub derives them. */
function headingsOf(text: string): string[] {
  const headings = proseOf(text).matchAll(/^#+ (.*)$/gm)
  return Array.from(headings, ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/**
 * Files and folders of the repository that a page names outside of links and examples, but for what the build writes,
 * which the test of the package knows.
 */
function pathsOf(text: string): string[] {
  const prose = text.replaceAll(/^```(?!text)[\s\S]*?^```$/gm, '')
  const files =
    prose.match(/(?<![\w/.@:<-])[\w-][\w/.-]*\/[\w.-]+\.(?:ts|mjs|json|md|svg)\b/g) ?? []
  const kept = files.filter((file) => !file.startsWith('dist/'))
  const folders = prose.match(/(?<=`)(?:src|test|docs|bench|demo|scripts)\/[\w/-]*(?=`)/g) ?? []
  return [...kept, ...folders]
}

/** Paths begin at the root of the repository, in `src/`, or at the folder of the page. */
function fileOf(page: string, path: string): string | undefined {
  const bases = ['.', 'src', dirname(page)]
  return bases.map((base) => join(base, path)).find((file) => existsSync(join(root, file)))
}

/** Whether the name is declared there, as a member or by itself. */
function declares(source: string, name: string): boolean {
  const declaration = `(?:class|function\\*?|interface|type|const|let|get)\\s+${name}\\b`
  return new RegExp(`^\\s*(?:[\\w ]*${declaration}|#?${name}[(<?:])`, 'm').test(source)
}
