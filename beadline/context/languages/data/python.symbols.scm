(class_definition
  name: (identifier) @name
  superclasses: (argument_list)? @bases
  body: (block) @body) @definition.class

(function_definition
  name: (identifier) @name
  parameters: (parameters) @parameters
  return_type: (type)? @type
  body: (block) @body) @definition.function

; What a module binds, under conditions too, and what a class does.
(module
  (expression_statement
    (assignment
      left: (identifier) @name
      type: (type)? @type
      right: (_)? @value) @definition.variable))

(module
  (if_statement
    consequence: (block
      (expression_statement
        (assignment
          left: (identifier) @name
          type: (type)? @type
          right: (_)? @value) @definition.variable))))

(module
  (if_statement
    alternative: (else_clause
      body: (block
        (expression_statement
          (assignment
            left: (identifier) @name
            type: (type)? @type
            right: (_)? @value) @definition.variable)))))

(module
  (try_statement
    body: (block
      (expression_statement
        (assignment
          left: (identifier) @name
          type: (type)? @type
          right: (_)? @value) @definition.variable))))

(module
  (try_statement
    body: (block
      (if_statement
        consequence: (block
          (expression_statement
            (assignment
              left: (identifier) @name
              type: (type)? @type
              right: (_)? @value) @definition.variable))))))

(class_definition
  body: (block
    (expression_statement
      (assignment
        left: (identifier) @name
        type: (type)? @type
        right: (_)? @value) @definition.variable)))

(module
  (type_alias_statement
    .
    (type
      (identifier) @name)
    (type) @value) @definition.type)

[
  (import_statement)
  (import_from_statement)
] @import
