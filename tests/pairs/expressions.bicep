// One variable for each row of the table of operators and selections.
param who string
param flag bool
param options object = {}
param numbers int[] = [7, 2, -3]

var values = {
  interpolated: 'a{${who}}b${flag}'
  choice: flag ? 'yes' : 'no'
  and: flag && who == 'x'
  or: flag || false
  coalesced: options.?name ?? 'none'
  equal: who == 'X'
  unequal: who != 'X'
  insensitive: who =~ 'X'
  notInsensitive: who !~ 'X'
  less: numbers[1] < numbers[0]
  lessOrEqual: numbers[0] <= 7
  greater: numbers[0] > 9
  greaterOrEqual: numbers[0] >= 7
  sum: numbers[0] + numbers[1] * 2 - 1
  quotient: numbers[0] / numbers[1]
  rest: numbers[2] % 2
  negative: -numbers[0]
  not: !flag
  member: options.?a.b
  deep: options.?a.?b[0]
  last: numbers[^1]
  beyond: numbers[?^9]
  list: [1, ...numbers, 9]
  merged: { a: 1, b: { c: 1 }, ...{ b: { d: 2 } }, e: 3 }
  mapped: map(numbers, n => n + 1)
  reduced: reduce(numbers, 0, (sum, n) => sum + n)
  looped: [for (n, i) in numbers: n * i]
  brackets: '[not an expression]'
  '${who}-key': true
  nothing: null
}

resource r 'Microsoft.Example/things@2024-01-01' = {
  name: 'thing-${who}'
  properties: values
}
