; What a TypeScript file defines and imports (symbols/extract.py); for the dialect with JSX as well.
; Of two patterns that match one definition the first says what it is, so the special come first.

; Functions: declarations, overloads and generators have the same fields. What a body returns last
; stands for a return type that is not written.

(program
  (_
    name: (identifier) @name
    parameters: (formal_parameters) @parameters
    return_type: (_ (_) @type)?
    body: (statement_block
      (return_statement [
        (as_expression) (await_expression) (call_expression) (identifier) (member_expression)
        (new_expression) (this)
      ] @value)?)? @body) @definition.function)

(export_statement
  declaration: (_
    name: (identifier) @name
    parameters: (formal_parameters) @parameters
    return_type: (_ (_) @type)?
    body: (statement_block
      (return_statement [
        (as_expression) (await_expression) (call_expression) (identifier) (member_expression)
        (new_expression) (this)
      ] @value)?)? @body) @definition.function)

(ambient_declaration
  (function_signature
    name: (identifier) @name
    parameters: (formal_parameters) @parameters
    return_type: (_ (_) @type)?) @definition.function)

(internal_module
  body: (statement_block
    (function_signature
      name: (identifier) @name
      parameters: (formal_parameters) @parameters
      return_type: (_ (_) @type)?) @definition.function))

; Types

(class_declaration
  name: (type_identifier) @name
  (class_heritage)? @bases
  body: (class_body) @body) @definition.class

(abstract_class_declaration
  name: (type_identifier) @name
  (class_heritage)? @bases
  body: (class_body) @body) @definition.class

(interface_declaration
  name: (type_identifier) @name
  (extends_type_clause)? @bases
  body: (_) @body) @definition.interface

(enum_declaration
  name: (identifier) @name
  body: (enum_body) @body) @definition.enum

(type_alias_declaration
  name: (type_identifier) @name
  value: (object_type) @body) @definition.interface

(type_alias_declaration
  name: (type_identifier) @name
  value: (_) @type) @definition.type

(internal_module
  name: [(identifier) (nested_identifier)] @name
  body: (statement_block) @body) @definition.module

; Variables of the file: objects that hold functions, declared types, functions, classes, the rest

(program
  (_ (variable_declarator
    name: (identifier) @name
    type: (type_annotation (_) @type)?
    value: [
      (object) @body
      (as_expression . (object) @body)
      (satisfies_expression . (object) @body)
    ])) @definition.module)

(export_statement
  declaration: (_ (variable_declarator
    name: (identifier) @name
    type: (type_annotation (_) @type)?
    value: [
      (object) @body
      (as_expression . (object) @body)
      (satisfies_expression . (object) @body)
    ])) @definition.module)

(program
  (_ (variable_declarator
    name: (identifier) @name
    type: (type_annotation (_) @type)
    value: (_)? @body)) @definition.constant)

(export_statement
  declaration: (_ (variable_declarator
    name: (identifier) @name
    type: (type_annotation (_) @type)
    value: (_)? @body)) @definition.constant)

(ambient_declaration
  (_ (variable_declarator
    name: (identifier) @name
    type: (type_annotation (_) @type))) @definition.constant)

(program
  (_ (variable_declarator
    name: (identifier) @name
    value: [
      (arrow_function
        parameters: (formal_parameters) @parameters
        return_type: (_ (_) @type)?
        body: [
          (statement_block
            (return_statement [
              (as_expression) (await_expression) (call_expression) (identifier)
              (member_expression) (new_expression) (this)
            ] @value)?)
          (call_expression) @value
          (new_expression) @value
          (as_expression) @value
          (_)
        ] @body)
      (arrow_function
        parameter: (identifier) @parameters
        body: (_) @body)
      (function_expression
        parameters: (formal_parameters) @parameters
        return_type: (_ (_) @type)?
        body: (_) @body)
      (generator_function
        parameters: (formal_parameters) @parameters
        return_type: (_ (_) @type)?
        body: (_) @body)
    ])) @definition.function)

(export_statement
  declaration: (_ (variable_declarator
    name: (identifier) @name
    value: [
      (arrow_function
        parameters: (formal_parameters) @parameters
        return_type: (_ (_) @type)?
        body: [
          (statement_block
            (return_statement [
              (as_expression) (await_expression) (call_expression) (identifier)
              (member_expression) (new_expression) (this)
            ] @value)?)
          (call_expression) @value
          (new_expression) @value
          (as_expression) @value
          (_)
        ] @body)
      (arrow_function
        parameter: (identifier) @parameters
        body: (_) @body)
      (function_expression
        parameters: (formal_parameters) @parameters
        return_type: (_ (_) @type)?
        body: (_) @body)
      (generator_function
        parameters: (formal_parameters) @parameters
        return_type: (_ (_) @type)?
        body: (_) @body)
    ])) @definition.function)

(program
  (_ (variable_declarator
    name: (identifier) @name
    value: (class
      (class_heritage)? @bases
      body: (class_body) @body))) @definition.class)

(export_statement
  declaration: (_ (variable_declarator
    name: (identifier) @name
    value: (class
      (class_heritage)? @bases
      body: (class_body) @body))) @definition.class)

(program
  (_ (variable_declarator
    name: (identifier) @name
    value: [
      (call_expression arguments: (arguments) @body)
      (new_expression arguments: (arguments) @body)
      (as_expression)
      (await_expression)
      (identifier)
      (member_expression)
      (non_null_expression)
      (parenthesized_expression)
      (satisfies_expression)
      (subscript_expression)
    ] @value)) @definition.constant)

(export_statement
  declaration: (_ (variable_declarator
    name: (identifier) @name
    value: [
      (call_expression arguments: (arguments) @body)
      (new_expression arguments: (arguments) @body)
      (as_expression)
      (await_expression)
      (identifier)
      (member_expression)
      (non_null_expression)
      (parenthesized_expression)
      (satisfies_expression)
      (subscript_expression)
    ] @value)) @definition.constant)

(program
  (_ (variable_declarator
    name: (identifier) @name
    value: (_)? @body)) @definition.constant)

(export_statement
  declaration: (_ (variable_declarator
    name: (identifier) @name
    value: (_)? @body)) @definition.constant)

(export_statement
  declaration: (_ (variable_declarator
    name: (object_pattern
      (shorthand_property_identifier_pattern) @name)
    value: (_) @body)) @definition.constant)

; What is exported as default and has no name

(export_statement
  "default" @name
  value: [
    (arrow_function
      parameters: (formal_parameters) @parameters
      return_type: (_ (_) @type)?
      body: (_) @body)
    (function_expression
      parameters: (formal_parameters) @parameters
      return_type: (_ (_) @type)?
      body: (_) @body)
  ]) @definition.function

(export_statement
  "default" @name
  value: (class
    (class_heritage)? @bases
    body: (class_body) @body)) @definition.class

(export_statement
  "default" @name
  value: (object) @body) @definition.module

(export_statement
  "default" @name
  value: [
    (call_expression arguments: (arguments) @body)
    (new_expression arguments: (arguments) @body)
    (as_expression)
    (member_expression)
    (satisfies_expression)
  ] @value) @definition.constant

; Members of classes

(class_body
  (method_definition
    name: [(property_identifier) (private_property_identifier)] @name
    parameters: (formal_parameters) @parameters
    return_type: (_ (_) @type)?
    body: (statement_block
      (return_statement [
        (as_expression) (await_expression) (call_expression) (identifier) (member_expression)
        (new_expression) (this)
      ] @value)?) @body) @definition.method)

(class_body
  [(method_signature
    name: (property_identifier) @name
    parameters: (formal_parameters) @parameters
    return_type: (_ (_) @type)?)
   (abstract_method_signature
    name: (property_identifier) @name
    parameters: (formal_parameters) @parameters
    return_type: (_ (_) @type)?)] @definition.method)

(public_field_definition
  name: [(property_identifier) (private_property_identifier)] @name
  value: [
    (arrow_function
      parameters: (formal_parameters) @parameters
      return_type: (_ (_) @type)?
      body: (_) @body)
    (function_expression
      parameters: (formal_parameters) @parameters
      return_type: (_ (_) @type)?
      body: (_) @body)
  ]) @definition.method

(public_field_definition
  name: [(property_identifier) (private_property_identifier)] @name
  type: (type_annotation (_) @type)?
  value: (_)? @value @body) @definition.field

[
  (required_parameter
    (accessibility_modifier)
    pattern: (identifier) @name
    type: (type_annotation (_) @type)?)
  (required_parameter
    "readonly"
    pattern: (identifier) @name
    type: (type_annotation (_) @type)?)
  (optional_parameter
    (accessibility_modifier)
    pattern: (identifier) @name
    type: (type_annotation (_) @type)?)
] @definition.field

; Members of interfaces, object types and enumerations

(interface_declaration
  body: (_
    (method_signature
      name: (property_identifier) @name
      parameters: (formal_parameters) @parameters
      return_type: (_ (_) @type)?) @definition.method))

(interface_declaration
  body: (_
    (property_signature
      name: (property_identifier) @name
      type: (type_annotation (_) @type)?) @definition.field))

(interface_declaration
  body: (_
    (construct_signature
      "new" @name
      parameters: (formal_parameters) @parameters
      type: (type_annotation (_) @type)?) @definition.method))

(interface_declaration
  body: (_
    (call_signature
      parameters: (formal_parameters "(" @name) @parameters
      return_type: (_ (_) @type)?) @definition.method))

(type_alias_declaration
  value: (object_type
    (call_signature
      parameters: (formal_parameters "(" @name) @parameters
      return_type: (_ (_) @type)?) @definition.method))

(type_alias_declaration
  value: (object_type
    (method_signature
      name: (property_identifier) @name
      parameters: (formal_parameters) @parameters
      return_type: (_ (_) @type)?) @definition.method))

(type_alias_declaration
  value: (object_type
    (property_signature
      name: (property_identifier) @name
      type: (type_annotation (_) @type)?) @definition.field))

(type_alias_declaration
  value: (intersection_type
    (object_type
      (method_signature
        name: (property_identifier) @name
        parameters: (formal_parameters) @parameters
        return_type: (_ (_) @type)?) @definition.method)))

(type_alias_declaration
  value: (intersection_type
    (object_type
      (property_signature
        name: (property_identifier) @name
        type: (type_annotation (_) @type)?) @definition.field)))

(enum_body
  name: (property_identifier) @name @definition.field)

(enum_assignment
  name: (property_identifier) @name) @definition.field

; Members of objects that variables of the file hold, or that are exported as default

(program
  (_ (variable_declarator
    value: (object [
      (method_definition
        name: (property_identifier) @name
        parameters: (formal_parameters) @parameters
        return_type: (_ (_) @type)?
        body: (_) @body) @definition.method
      (pair
        key: (property_identifier) @name
        value: [
          (arrow_function
            parameters: (formal_parameters) @parameters
            return_type: (_ (_) @type)?
            body: (_) @body)
          (arrow_function
            parameter: (identifier) @parameters
            body: (_) @body)
          (function_expression
            parameters: (formal_parameters) @parameters
            return_type: (_ (_) @type)?
            body: (_) @body)
        ]) @definition.method
      (pair
        key: (property_identifier) @name
        value: [
          (as_expression) (call_expression) (identifier) (member_expression) (new_expression)
        ] @value) @definition.field
      (shorthand_property_identifier) @name @value @definition.field
    ]))))

(export_statement
  declaration: (_ (variable_declarator
    value: (object [
      (method_definition
        name: (property_identifier) @name
        parameters: (formal_parameters) @parameters
        return_type: (_ (_) @type)?
        body: (_) @body) @definition.method
      (pair
        key: (property_identifier) @name
        value: [
          (arrow_function
            parameters: (formal_parameters) @parameters
            return_type: (_ (_) @type)?
            body: (_) @body)
          (arrow_function
            parameter: (identifier) @parameters
            body: (_) @body)
          (function_expression
            parameters: (formal_parameters) @parameters
            return_type: (_ (_) @type)?
            body: (_) @body)
        ]) @definition.method
      (pair
        key: (property_identifier) @name
        value: [
          (as_expression) (call_expression) (identifier) (member_expression) (new_expression)
        ] @value) @definition.field
      (shorthand_property_identifier) @name @value @definition.field
    ]))))

(export_statement
  value: (object [
    (method_definition
      name: (property_identifier) @name
      parameters: (formal_parameters) @parameters
      return_type: (_ (_) @type)?
      body: (_) @body) @definition.method
    (pair
      key: (property_identifier) @name
      value: [
        (arrow_function
          parameters: (formal_parameters) @parameters
          return_type: (_ (_) @type)?
          body: (_) @body)
        (function_expression
          parameters: (formal_parameters) @parameters
          return_type: (_ (_) @type)?
          body: (_) @body)
      ]) @definition.method
    (pair
      key: (property_identifier) @name
      value: [
        (as_expression) (call_expression) (identifier) (member_expression) (new_expression)
      ] @value) @definition.field
    (shorthand_property_identifier) @name @value @definition.field
  ]))

; Imports, and what is exported by another name or from another module

(import_statement) @import

(export_statement source: (string)) @import

(export_statement (export_clause)) @import

(export_statement "default") @import

(export_statement "=") @import

(variable_declarator
  value: (call_expression
    function: (identifier) @_require
    arguments: (arguments . (string)))
  (#eq? @_require "require")) @import

(variable_declarator
  value: (member_expression
    object: (call_expression
      function: (identifier) @_require
      arguments: (arguments . (string))))
  (#eq? @_require "require")) @import

(variable_declarator
  value: (await_expression
    (call_expression
      function: (import)
      arguments: (arguments . (string))))) @import
