var mark = 'x'

@export()
func suffix(name string) string => '${name}-${mark}'

@export()
type port = string
