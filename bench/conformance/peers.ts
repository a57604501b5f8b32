import type { Peer } from './peer.ts'
import { alfred } from './peers/alfred.ts'
import { brakes } from './peers/brakes.ts'
import { cockatiel } from './peers/cockatiel.ts'
import { disyuntor } from './peers/disyuntor.ts'
import { effect } from './peers/effect.ts'
import { levee } from './peers/levee.ts'
import { mollitia } from './peers/mollitia.ts'
import { opossum } from './peers/opossum.ts'

/** Every other library that the results cover. */
export const peers: readonly Peer[] = [
  opossum,
  cockatiel,
  effect,
  mollitia,
  levee,
  alfred,
  disyuntor,
  brakes,
]
