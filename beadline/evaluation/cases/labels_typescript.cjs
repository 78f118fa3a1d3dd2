// Finds definitions for `labels_typescript.py` with the TypeScript compiler: one JSON object a line
// in ({path, offset}), one out ({found: [{path, name, kind, cls, line}]}). Runs no code of the
// repository: the compiler comes from its own folder, plugins of a tsconfig are never loaded.
'use strict'

const fs = require('fs')
const path = require('path')
const readline = require('readline')

const [compiler, folder] = process.argv.slice(2)
const ts = require(compiler)
const root = ts.sys.resolvePath(folder)
const SOURCES = /\.(?:[cm]?[jt]s|[jt]sx)$/
const SKIPPED = new Set(['node_modules', 'bower_components'])

// The pipe is for answers; what a configuration has the compiler say goes nowhere.
ts.sys.write = () => {}

function say(value) {
  process.stdout.write(JSON.stringify(value) + '\n')
}

function below(top, visit) {
  for (const entry of fs.readdirSync(top, { withFileTypes: true })) {
    const full = path.join(top, entry.name)
    if (entry.isDirectory()) {
      if (!SKIPPED.has(entry.name) && !entry.name.startsWith('.')) below(full, visit)
    } else if (entry.isFile()) {
      visit(full)
    }
  }
}

// Packages of the repository import each other by name; their node_modules links are not here.
function workspacePaths() {
  const paths = {}
  below(root, (file) => {
    if (path.basename(file) !== 'package.json') return
    const { config } = ts.readConfigFile(file, ts.sys.readFile)
    const name = config && config.name
    if (typeof name !== 'string' || !name) return
    const at = path.dirname(file)
    const entries = [config.source, config.types, config.typings, config.module, config.main]
      .filter((each) => typeof each === 'string')
      .map((each) => path.join(at, each))
    paths[name] = [path.join(at, 'src/index'), path.join(at, 'index'), ...entries, at]
    paths[name + '/*'] = [path.join(at, 'src/*'), path.join(at, '*')]
  })
  return paths
}

const packages = workspacePaths()
const configs = new Map()
const FORCED = {
  noEmit: true, allowJs: true, checkJs: false, skipLibCheck: true, composite: false,
  incremental: false, declaration: false, types: [], plugins: undefined, traceResolution: false,
}

function optionsOf(given) {
  const options = { ...given, ...FORCED, paths: { ...packages, ...(given.paths || {}) } }
  if (options.moduleResolution === undefined) {
    const kinds = ts.ModuleResolutionKind
    options.moduleResolution = kinds.Bundler === undefined ? kinds.NodeJs : kinds.Bundler
    if (options.module === undefined) options.module = ts.ModuleKind.ESNext
  }
  if (options.target === undefined) options.target = ts.ScriptTarget.ESNext
  return options
}

function parsed(file) {
  const read = ts.readConfigFile(file, ts.sys.readFile)
  return ts.parseJsonConfigFileContent(
    read.config || {}, ts.sys, path.dirname(file), undefined, file)
}

function config(key, make) {
  if (!configs.has(key)) {
    const { options, fileNames, references } = make()
    configs.set(key, {
      options: optionsOf(options), roots: new Set(fileNames), references, program: undefined,
      sources: new Map(),
    })
  }
  return configs.get(key)
}

function configAt(file) {
  return config(file, () => {
    const { options, fileNames, projectReferences } = parsed(file)
    return { options, fileNames, references: projectReferences || [] }
  })
}

// The configuration of a source file: the nearest one above it, or the one it refers to.
function configOf(file) {
  for (let at = path.dirname(file); ; at = path.dirname(at)) {
    for (const name of ['tsconfig.json', 'jsconfig.json']) {
      const found = path.join(at, name)
      if (!ts.sys.fileExists(found)) continue
      const nearest = configAt(found)
      if (nearest.roots.has(file)) return nearest
      for (const reference of nearest.references) {
        const other = ts.resolveProjectReferencePath(reference)
        if (ts.sys.fileExists(other) && configAt(other).roots.has(file)) return configAt(other)
      }
      return nearest
    }
    if (at === root || at === path.dirname(at)) break
  }
  return config('', () => ({ options: {}, fileNames: [], references: [] }))
}

function programOf(file) {
  const known = configOf(file)
  if (!known.program || !known.program.getSourceFile(file)) {
    known.roots.add(file)
    const host = ts.createCompilerHost(known.options, true)
    const read = host.getSourceFile.bind(host)
    host.getSourceFile = (name, ...rest) => {
      if (!known.sources.has(name)) known.sources.set(name, read(name, ...rest))
      return known.sources.get(name)
    }
    known.program = ts.createProgram({
      rootNames: [...known.roots].filter((name) => SOURCES.test(name)),
      options: known.options, host, oldProgram: known.program,
    })
  }
  return known.program
}

function nodeAt(source, offset) {
  let node = source
  for (;;) {
    const inner = ts.forEachChild(node, (child) =>
      child.getStart(source) <= offset && offset < child.getEnd() ? child : undefined)
    if (!inner) return node
    node = inner
  }
}

function kindOf(node) {
  if (ts.isClassLike(node)) return 'class'
  if (ts.isInterfaceDeclaration(node)) return 'interface'
  if (ts.isEnumDeclaration(node)) return 'enum'
  if (ts.isFunctionDeclaration(node)) return 'function'
  if (ts.isMethodDeclaration(node) || ts.isMethodSignature(node)) return 'method'
  if (ts.isPropertyDeclaration(node) || ts.isPropertySignature(node)) return 'field'
  return 'variable'
}

function describe(declaration) {
  const source = declaration.getSourceFile()
  const relative = path.relative(root, source.fileName).split(path.sep).join('/')
  if (relative.startsWith('../') || path.isAbsolute(relative) ||
      relative.split('/').includes('node_modules')) return undefined
  const name = ts.getNameOfDeclaration(declaration)
  const start = (name || declaration).getStart(source)
  const owner = declaration.parent
  const member = owner && (ts.isClassLike(owner) || ts.isInterfaceDeclaration(owner))
  return {
    path: relative,
    name: name && typeof name.text === 'string' ? name.text : '',
    kind: kindOf(declaration),
    cls: member && owner.name ? owner.name.text : '',
    line: source.getLineAndCharacterOfPosition(start).line + 1,
  }
}

function find(request) {
  const file = ts.sys.resolvePath(path.join(root, request.path))
  const program = programOf(file)
  const source = program.getSourceFile(file)
  if (!source) return { found: [], external: false }
  const checker = program.getTypeChecker()
  let symbol = checker.getSymbolAtLocation(nodeAt(source, request.offset))
  if (symbol && symbol.flags & ts.SymbolFlags.Alias) symbol = checker.getAliasedSymbol(symbol)
  const declarations = (symbol && symbol.declarations) || []
  if (!declarations.length) return { found: [], external: false }
  const first = describe(symbol.valueDeclaration || declarations[0])
  return { found: first ? [first] : [], external: !first }
}

say({ version: ts.version, usable: typeof ts.createProgram === 'function' })
readline.createInterface({ input: process.stdin }).on('line', (line) => {
  let answer
  try {
    answer = find(JSON.parse(line))
  } catch (error) {
    answer = { found: [], external: false, error: String(error) }
  }
  say(answer)
})
