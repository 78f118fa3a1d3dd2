(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs
               '((python-mode python-ts-mode)
                 . ("beadline" "serve" "--stdio"
                    :initializationOptions (:completion (:plainCompletion t))))))
