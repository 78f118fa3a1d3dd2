; What a JavaScript file defines and imports (symbols/extract.py), CommonJS included.
; Of two patterns that match one definition the first says what it is, so the special come first.

; Functions; what a body returns last stands for the type that is not written

(program
  (_
    name: (identifier) @name
    parameters: (formal_parameters) @parameters
    body: (statement_block
      (return_statement [
        (await_expression) (call_expression) (identifier) (member_expression) (new_expression)
        (this)
      ] @value)?) @body) @definition.function)

(export_statement
  declaration: (_
    name: (identifier) @name
    parameters: (formal_parameters) @parameters
    body: (statement_block
      (return_statement [
        (await_expression) (call_expression) (identifier) (member_expression) (new_expression)
        (this)
      ] @value)?) @body) @definition.function)

(class_declaration
  name: (identifier) @name
  (class_heritage)? @bases
  body: (class_body) @body) @definition.class

; Variables of the file: objects that hold functions, functions, classes, the rest

(program
  (_ (variable_declarator
    name: (identifier) @name
    value: (object) @body)) @definition.module)

(export_statement
  declaration: (_ (variable_declarator
    name: (identifier) @name
    value: (object) @body)) @definition.module)

(program
  (_ (variable_declarator
    name: (identifier) @name
    value: [
      (arrow_function
        parameters: (formal_parameters) @parameters
        body: [
          (statement_block
            (return_statement [
              (await_expression) (call_expression) (identifier) (member_expression)
              (new_expression) (this)
            ] @value)?)
          (call_expression) @value
          (new_expression) @value
          (_)
        ] @body)
      (arrow_function
        parameter: (identifier) @parameters
        body: (_) @body)
      (function_expression
        parameters: (formal_parameters) @parameters
        body: (_) @body)
      (generator_function
        parameters: (formal_parameters) @parameters
        body: (_) @body)
    ])) @definition.function)

(export_statement
  declaration: (_ (variable_declarator
    name: (identifier) @name
    value: [
      (arrow_function
        parameters: (formal_parameters) @parameters
        body: [
          (statement_block
            (return_statement [
              (await_expression) (call_expression) (identifier) (member_expression)
              (new_expression) (this)
            ] @value)?)
          (call_expression) @value
          (new_expression) @value
          (_)
        ] @body)
      (arrow_function
        parameter: (identifier) @parameters
        body: (_) @body)
      (function_expression
        parameters: (formal_parameters) @parameters
        body: (_) @body)
      (generator_function
        parameters: (formal_parameters) @parameters
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
      (await_expression)
      (identifier)
      (member_expression)
      (parenthesized_expression)
      (subscript_expression)
    ] @value)) @definition.constant)

(export_statement
  declaration: (_ (variable_declarator
    name: (identifier) @name
    value: [
      (call_expression arguments: (arguments) @body)
      (new_expression arguments: (arguments) @body)
      (await_expression)
      (identifier)
      (member_expression)
      (parenthesized_expression)
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

; What is exported as default and has no name

(export_statement
  "default" @name
  value: [
    (arrow_function parameters: (formal_parameters) @parameters body: (_) @body)
    (function_expression parameters: (formal_parameters) @parameters body: (_) @body)
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
    (member_expression)
  ] @value) @definition.constant

; Assigned functions and classes: `exports.a`, `A.prototype.b`, `a.b`, and `module.exports`, whose
; definition is called `exports`

(program
  (expression_statement
    (assignment_expression
      left: (member_expression
        property: (property_identifier) @name)
      right: [
        (arrow_function parameters: (formal_parameters) @parameters body: (_) @body)
        (function_expression
          parameters: (formal_parameters) @parameters
          body: (statement_block
            (return_statement [
              (await_expression) (call_expression) (identifier) (member_expression)
              (new_expression) (this)
            ] @value)?) @body)
        (generator_function parameters: (formal_parameters) @parameters body: (_) @body)
      ])) @definition.function)

(program
  (expression_statement
    (assignment_expression
      left: (member_expression
        property: (property_identifier) @name)
      right: (class
        (class_heritage)? @bases
        body: (class_body) @body))) @definition.class)

(program
  (expression_statement
    (assignment_expression
      left: (member_expression
        object: (identifier) @_module
        property: (property_identifier) @name)
      right: (object) @body)) @definition.module
  (#eq? @_module "module")
  (#eq? @name "exports"))

; Members of classes

(class_body
  (method_definition
    name: [(property_identifier) (private_property_identifier)] @name
    parameters: (formal_parameters) @parameters
    body: (statement_block
      (return_statement [
        (await_expression) (call_expression) (identifier) (member_expression) (new_expression)
        (this)
      ] @value)?) @body) @definition.method)

(field_definition
  property: [(property_identifier) (private_property_identifier)] @name
  value: [
    (arrow_function parameters: (formal_parameters) @parameters body: (_) @body)
    (function_expression parameters: (formal_parameters) @parameters body: (_) @body)
  ]) @definition.method

(field_definition
  property: [(property_identifier) (private_property_identifier)] @name
  value: (_)? @value @body) @definition.field

(assignment_expression
  left: (member_expression
    object: (this)
    property: (property_identifier) @name)
  right: (_) @value @body) @definition.field

; Members of objects that variables of the file hold, or that are exported whole

(program
  (_ (variable_declarator
    value: (object [
      (method_definition
        name: (property_identifier) @name
        parameters: (formal_parameters) @parameters
        body: (_) @body) @definition.method
      (pair
        key: (property_identifier) @name
        value: [
          (arrow_function parameters: (formal_parameters) @parameters body: (_) @body)
          (function_expression parameters: (formal_parameters) @parameters body: (_) @body)
        ]) @definition.method
      (pair
        key: (property_identifier) @name
        value: [(call_expression) (identifier) (member_expression) (new_expression)] @value
      ) @definition.field
      (shorthand_property_identifier) @name @value @definition.field
    ]))))

(export_statement
  declaration: (_ (variable_declarator
    value: (object [
      (method_definition
        name: (property_identifier) @name
        parameters: (formal_parameters) @parameters
        body: (_) @body) @definition.method
      (pair
        key: (property_identifier) @name
        value: [
          (arrow_function parameters: (formal_parameters) @parameters body: (_) @body)
          (function_expression parameters: (formal_parameters) @parameters body: (_) @body)
        ]) @definition.method
      (pair
        key: (property_identifier) @name
        value: [(call_expression) (identifier) (member_expression) (new_expression)] @value
      ) @definition.field
      (shorthand_property_identifier) @name @value @definition.field
    ]))))

(export_statement
  value: (object [
    (method_definition
      name: (property_identifier) @name
      parameters: (formal_parameters) @parameters
      body: (_) @body) @definition.method
    (pair
      key: (property_identifier) @name
      value: [
        (arrow_function parameters: (formal_parameters) @parameters body: (_) @body)
        (function_expression parameters: (formal_parameters) @parameters body: (_) @body)
      ]) @definition.method
    (pair
      key: (property_identifier) @name
      value: [(call_expression) (identifier) (member_expression) (new_expression)] @value
    ) @definition.field
    (shorthand_property_identifier) @name @value @definition.field
  ]))

(program
  (expression_statement
    (assignment_expression
      left: (member_expression
        object: (identifier) @_module
        property: (property_identifier) @_exports)
      right: (object [
        (method_definition
          name: (property_identifier) @name
          parameters: (formal_parameters) @parameters
          body: (_) @body) @definition.method
        (pair
          key: (property_identifier) @name
          value: [
            (arrow_function parameters: (formal_parameters) @parameters body: (_) @body)
            (function_expression parameters: (formal_parameters) @parameters body: (_) @body)
          ]) @definition.method
        (pair
          key: (property_identifier) @name
          value: [(call_expression) (identifier) (member_expression) (new_expression)] @value
        ) @definition.field
        (shorthand_property_identifier) @name @value @definition.field
      ])))
  (#eq? @_module "module")
  (#eq? @_exports "exports"))

; Imports, and what is exported by another name or from another module

(import_statement) @import

(export_statement source: (string)) @import

(export_statement (export_clause)) @import

(export_statement "default") @import

(program
  (expression_statement
    (assignment_expression
      left: (member_expression)
      right: [
        (assignment_expression) (call_expression) (identifier) (member_expression)
      ])) @import)

(program
  (expression_statement
    (assignment_expression
      left: (identifier)
      right: (assignment_expression))) @import)

(variable_declarator
  value: [
    (call_expression
      function: (identifier) @_require
      arguments: (arguments . (string)))
    (member_expression
      object: (call_expression
        function: (identifier) @_require
        arguments: (arguments . (string))))
  ]
  (#eq? @_require "require")) @import

(variable_declarator
  value: (await_expression
    (call_expression
      function: (import)
      arguments: (arguments . (string))))) @import
