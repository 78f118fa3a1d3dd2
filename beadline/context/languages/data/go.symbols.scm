; Definitions and imports for the symbol graph. Variables and constants are asked for at the file's
; level: others are locals of functions, literals included.

(import_spec) @import

(function_declaration
  name: (identifier) @name
  parameters: (parameter_list) @parameters
  result: (_)? @type
  body: (block)? @body) @definition.function

(method_declaration
  name: (field_identifier) @name
  parameters: (parameter_list) @parameters
  result: (_)? @type
  body: (block)? @body) @definition.method

(type_spec
  name: (type_identifier) @name
  type: (struct_type
    (field_declaration_list) @body @bases)) @definition.class

(type_spec
  name: (type_identifier) @name
  type: (interface_type "{" @body) @bases) @definition.interface

(type_spec
  name: (type_identifier) @name
  type: [
    (array_type)
    (channel_type)
    (function_type)
    (generic_type)
    (map_type)
    (parenthesized_type)
    (pointer_type)
    (qualified_type)
    (slice_type)
    (type_identifier)
  ] @type) @definition.type

(type_alias
  name: (type_identifier) @name
  type: (_) @type) @definition.type

(type_spec
  type: (struct_type
    (field_declaration_list
      (field_declaration
        name: (field_identifier) @name
        type: (_) @type) @definition.field)))

(type_spec
  type: (interface_type
    (method_elem
      name: (field_identifier) @name
      parameters: (parameter_list) @parameters
      result: (_)? @type) @definition.method))

(source_file
  (const_declaration
    (const_spec
      name: (identifier) @name
      type: (_)? @type
      value: (expression_list)? @value) @definition.constant))

(source_file
  (var_declaration
    [
      (var_spec
        name: (identifier) @name
        type: (_)? @type
        value: (expression_list)? @body @value) @definition.variable
      (var_spec_list
        (var_spec
          name: (identifier) @name
          type: (_)? @type
          value: (expression_list)? @body @value) @definition.variable)
    ]))
