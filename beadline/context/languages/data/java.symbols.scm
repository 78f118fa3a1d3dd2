; Definitions and imports for the symbol graph. Members are asked for below the declaration that owns
; them: those of anonymous classes are nobody's.

(import_declaration) @import

(class_declaration
  name: (identifier) @name
  superclass: (superclass)? @bases
  interfaces: (super_interfaces)? @bases
  body: (class_body) @body) @definition.class

(record_declaration
  name: (identifier) @name
  parameters: (formal_parameters) @parameters
  interfaces: (super_interfaces)? @bases
  body: (class_body) @body) @definition.class

(interface_declaration
  name: (identifier) @name
  (extends_interfaces)? @bases
  body: (interface_body) @body) @definition.interface

(annotation_type_declaration
  name: (identifier) @name
  body: (annotation_type_body) @body) @definition.interface

(enum_declaration
  name: (identifier) @name
  interfaces: (super_interfaces)? @bases
  body: (enum_body) @body) @definition.enum

(class_declaration
  body: (class_body
    [
      (method_declaration
        type: (_) @type
        name: (identifier) @name
        parameters: (formal_parameters) @parameters
        body: (block)? @body) @definition.method
      (constructor_declaration
        name: (identifier) @name
        parameters: (formal_parameters) @parameters
        body: (constructor_body) @body) @definition.method
      (field_declaration
        type: (_) @type
        declarator: (variable_declarator
          name: (identifier) @name
          value: (_) @body)) @definition.field
      (field_declaration
        type: (_) @type
        declarator: (variable_declarator
          name: (identifier) @name
          !value)) @definition.field
    ]))

(record_declaration
  parameters: (formal_parameters
    (formal_parameter
      type: (_) @type
      name: (identifier) @name) @definition.field))

(record_declaration
  body: (class_body
    [
      (method_declaration
        type: (_) @type
        name: (identifier) @name
        parameters: (formal_parameters) @parameters
        body: (block)? @body) @definition.method
      (constructor_declaration
        name: (identifier) @name
        parameters: (formal_parameters) @parameters
        body: (constructor_body) @body) @definition.method
      (field_declaration
        type: (_) @type
        declarator: (variable_declarator
          name: (identifier) @name
          value: (_) @body)) @definition.field
    ]))

(interface_declaration
  body: (interface_body
    [
      (method_declaration
        type: (_) @type
        name: (identifier) @name
        parameters: (formal_parameters) @parameters
        body: (block)? @body) @definition.method
      (constant_declaration
        type: (_) @type
        declarator: (variable_declarator
          name: (identifier) @name
          value: (_) @body)) @definition.field
    ]))

(annotation_type_declaration
  body: (annotation_type_body
    (annotation_type_element_declaration
      type: (_) @type
      name: (identifier) @name) @definition.method))

(enum_declaration
  body: (enum_body
    (enum_constant
      name: (identifier) @name
      body: (class_body) @body) @definition.field))

(enum_declaration
  body: (enum_body
    (enum_constant
      name: (identifier) @name
      !body) @definition.field))

(enum_declaration
  body: (enum_body
    (enum_body_declarations
      [
        (method_declaration
          type: (_) @type
          name: (identifier) @name
          parameters: (formal_parameters) @parameters
          body: (block)? @body) @definition.method
        (constructor_declaration
          name: (identifier) @name
          parameters: (formal_parameters) @parameters
          body: (constructor_body) @body) @definition.method
        (field_declaration
          type: (_) @type
          declarator: (variable_declarator
            name: (identifier) @name
            value: (_) @body)) @definition.field
        (field_declaration
          type: (_) @type
          declarator: (variable_declarator
            name: (identifier) @name
            !value)) @definition.field
      ])))
