import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Example, findExamples, root } from './examples.ts'

const examples = findExamples()
let folder: string
let complaints: string

beforeAll(async () => {
  await mkdir(join(root, '.cache'), { recursive: true })
  folder = await mkdtemp(join(root, '.cache/examples-'))
  complaints = await compile()
}, 60_000)

afterAll(() => rm(folder, { recursive: true, force: true }))

it('finds examples in the README', () => {
  expect(examples.map(({ file }) => file)).toContain('README.md')
})

describe.concurrent.each(examples)('the example at $at', (example) => {
  it('type-checks', () => {
    const own = complaints.split(/\n(?! )/).filter((complaint) => isAbout(complaint, example))

    if (own.length > 0) throw new Error(own.join('\n'))
  })

  if (example.runs) it('runs to its end', { timeout: 20_000 }, () => run(example))
})

function isAbout(complaint: string, { file, line, code }: Example): boolean {
  if (!complaint.startsWith(`${file}:`)) return false
  const at = Number.parseInt(complaint.slice(file.length + 1), 10)
  return at >= line && at < line + code.split('\n').length
}

// All examples and src/ in one run of tsc. The output becomes a package called short-circuit, since
// a package may import itself by name: the examples then run as they stand.
async function compile(): Promise<string> {
  for (const example of examples) {
    const path = join(folder, 'in', sourceOf(example))
    await mkdir(dirname(path), { recursive: true })
    // Empty lines in front, so that every message names the line of the document.
    await writeFile(path, '\n'.repeat(example.line - 1) + example.code)
  }
  const source = relative(folder, join(root, 'src'))
  await writeJson('tsconfig.json', {
    extends: relative(folder, join(root, 'tsconfig.json')),
    compilerOptions: {
      noEmit: false,
      declaration: false,
      isolatedDeclarations: false,
      inlineSourceMap: true,
      rootDir: root,
      outDir: 'out',
      paths: {
        'short-circuit': [`${source}/index.ts`],
        'short-circuit/*': [`${source}/*/index.ts`],
      },
    },
    files: examples.map((example) => `in/${sourceOf(example)}`),
    include: [],
  })
  await mkdir(join(folder, 'out'))
  await writeJson('out/package.json', {
    name: 'short-circuit',
    type: 'module',
    exports: { '.': './src/index.js', './*': './src/*/index.js' },
  })
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const { output } = await node([tsc, '-p', folder, '--pretty', 'false'])
  if (/^error TS/m.test(output)) throw new Error(output)
  return readable(output)
}

async function run(example: Example): Promise<void> {
  const emitted = join(folder, 'out', relative(root, folder), 'in', sourceOf(example))
  const { code, output } = await node(['--enable-source-maps', emitted.replace(/\.ts$/, '.js')])
  const assertionFailed = output.includes('Assertion failed') // console.assert only prints.
  if (code === 0 && !assertionFailed) return
  let how = `ends with code ${code}`
  if (code === 13) how = 'waits for something that never happens'
  else if (assertionFailed) how = 'asserts what is not so'
  throw new Error(readable(`${example.at} ${how}\n${output}`))
}

function sourceOf({ file, line }: Example): string {
  return `${file}.L${line}.ts`
}

// `…/in/README.md.L12.ts(14,3)` and `…/in/README.md.L12.ts:14:3` become `README.md:14:3`.
function readable(text: string): string {
  return text
    .replaceAll(/(?:file:\/\/)?[^\s(']*\/in\/([^\s(']+?)\.L\d+\.ts(?=[(:])/g, '$1')
    .replaceAll(/^([^\s(]+)\((\d+),(\d+)\)/gm, '$1:$2:$3')
}

function writeJson(name: string, value: unknown): Promise<void> {
  return writeFile(join(folder, name), JSON.stringify(value))
}

function node(args: string[]): Promise<{ code: number | string; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: root, timeout: 15_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : (error.code ?? `signal ${error.signal}`)
      resolve({ code, output: stdout + stderr })
    })
  })
}
