// The lines on stdout.

// Writes one event. BigInts, which JSON.stringify refuses, become plain numbers of any length.
export function emit(event) {
  const line = JSON.stringify(event, (_, value) =>
    typeof value === 'bigint' ? JSON.rawJSON(value.toString()) : value
  )
  process.stdout.write(line + '\n')
}

export function emitError(command, error) {
  emit({ event: 'error', command, error: sentence(error) })
}

// One line that also says why a dial failed: each of its attempts has an error of its own.
function sentence(error) {
  const causes = error instanceof AggregateError ? error.errors : []
  const text = causes.map(sentence).join('; ') || `${error.name}: ${error.message}`
  return text.replaceAll(/\s+/g, ' ')
}
