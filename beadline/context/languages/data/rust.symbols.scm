; Definitions and imports for the symbol graph. Functions are asked for where they are items, so that
; each matches once: with the trait, in an `impl` of one.

[
  (extern_crate_declaration)
  (use_declaration)
] @import

(struct_item
  name: (type_identifier) @name
  body: (field_declaration_list) @body) @definition.class

(struct_item
  name: (type_identifier) @name
  body: (ordered_field_declaration_list)) @definition.class

(struct_item
  name: (type_identifier) @name
  !body) @definition.class

(struct_item
  body: (field_declaration_list
    (field_declaration
      name: (field_identifier) @name
      type: (_) @type) @definition.field))

(union_item
  name: (type_identifier) @name
  body: (field_declaration_list) @body) @definition.class

(union_item
  body: (field_declaration_list
    (field_declaration
      name: (field_identifier) @name
      type: (_) @type) @definition.field))

(enum_item
  name: (type_identifier) @name
  body: (enum_variant_list) @body) @definition.enum

(enum_variant
  name: (identifier) @name) @definition.field

(trait_item
  name: (type_identifier) @name
  bounds: (trait_bounds)? @bases
  body: (declaration_list) @body) @definition.interface

(type_item
  name: (type_identifier) @name
  type: (_) @type) @definition.type

(associated_type
  name: (type_identifier) @name
  bounds: (trait_bounds)? @bases) @definition.type

(const_item
  name: (identifier) @name
  type: (_) @type) @definition.constant

(static_item
  name: (identifier) @name
  type: (_) @type
  value: (_)? @body) @definition.variable

(mod_item
  name: (identifier) @name
  body: (declaration_list) @body) @definition.module

(mod_item
  name: (identifier) @name
  !body) @definition.module

(macro_definition
  name: (identifier) @name
  [
    "("
    "["
    "{"
  ] @body) @definition.macro

(impl_item
  trait: (_) @bases
  body: (declaration_list
    (function_item
      name: (identifier) @name
      parameters: (parameters) @parameters
      return_type: (_)? @type
      body: (block) @body) @definition.function))

(impl_item
  !trait
  body: (declaration_list
    (function_item
      name: (identifier) @name
      parameters: (parameters) @parameters
      return_type: (_)? @type
      body: (block) @body) @definition.function))

(mod_item
  body: (declaration_list
    (function_item
      name: (identifier) @name
      parameters: (parameters) @parameters
      return_type: (_)? @type
      body: (block) @body) @definition.function))

(trait_item
  body: (declaration_list
    (function_item
      name: (identifier) @name
      parameters: (parameters) @parameters
      return_type: (_)? @type
      body: (block) @body) @definition.function))

(source_file
  (function_item
    name: (identifier) @name
    parameters: (parameters) @parameters
    return_type: (_)? @type
    body: (block) @body) @definition.function)

; Of a file that is being written: what is around a broken function is none of its parts.
(ERROR
  (function_item
    name: (identifier) @name
    parameters: (parameters) @parameters
    return_type: (_)? @type
    body: (block) @body) @definition.function)

(function_signature_item
  name: (identifier) @name
  parameters: (parameters) @parameters
  return_type: (_)? @type) @definition.function
