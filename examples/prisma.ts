// Prisma Client behind one breaker: every query, `$transaction([…])` and `$transaction(async (tx) => …)` is one call.
import { CircuitBreaker, protect } from 'short-circuit'
import { prisma as classify } from 'short-circuit/outcomes'

export function guardPrisma<Client extends object>(prisma: Client): Client {
  // A query that is wrong, a duplicate or a row that is missing is an answer of the database.
  const breaker = new CircuitBreaker({ name: 'database', maxFailures: 5, classify })
  return protect(prisma, breaker)
}
