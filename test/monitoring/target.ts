// What the service calls: answers at once. Its argument is the port, 0 for any; it prints the one it has.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const server = createServer((_, response) => response.end('fine'))
server.listen(Number(process.argv[2]), '127.0.0.1', () => {
  console.log((server.address() as AddressInfo).port)
})
process.on('disconnect', () => process.exit())
