// The changelog at a release:
//   node scripts/changelog.mjs notes 0.2.0     prints what is said of a version
//   node scripts/changelog.mjs release 0.2.0   makes "Unreleased" that version, of today
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const UNRELEASED = '## [Unreleased]'

/** Throws for a version that is not there, or of which nothing is said. */
export function notesOf(text, version) {
  const sections = text.split(/^(?=## \[)/m)
  const section = sections.find((it) => it.startsWith(`## [${version}]`))
  const notes = section?.slice(section.indexOf('\n')).trim()
  if (!notes) throw new Error(`CHANGELOG.md says nothing of ${version}.`)
  return notes
}

/** The text with an empty section for what comes after the version. */
export function released(text, version, date) {
  notesOf(text, 'Unreleased')
  if (text.includes(`## [${version}]`)) throw new Error(`CHANGELOG.md has ${version} already.`)
  return text.replace(UNRELEASED, `${UNRELEASED}\n\n## [${version}] - ${date}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , command, version] = process.argv
  const file = new URL('../CHANGELOG.md', import.meta.url)
  const text = readFileSync(file, 'utf8')
  if (command === 'notes') console.log(notesOf(text, version))
  else if (command === 'release') {
    writeFileSync(file, released(text, version, new Date().toISOString().slice(0, 10)))
  } else throw new Error(`notes or release was expected, got ${command}`)
}
