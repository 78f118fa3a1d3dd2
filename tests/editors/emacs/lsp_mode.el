(with-eval-after-load 'lsp-mode
  (let ((handlers (make-hash-table :test 'equal)))
    ;; The server tells its state; lsp-mode has no place for it.
    (puthash "beadline/status" #'ignore handlers)
    (lsp-register-client
     (make-lsp-client
      :server-id 'beadline
      :new-connection (lsp-stdio-connection '("beadline" "serve" "--stdio"))
      :activation-fn (lambda (&rest _) t)
      :add-on? t
      :multi-root t
      :priority -2
      :notification-handlers handlers))))

;; Seconds without a key after which lsp-mode asks.
(setq lsp-inline-completion-idle-delay 0.2)

(with-eval-after-load 'lsp-inline-completion
  (dolist (key '("<tab>" "TAB"))
    (define-key lsp-inline-completion-active-map (kbd key) #'lsp-inline-completion-accept))
  ;; lsp-mode leaves the cursor before what it inserted.
  (add-hook 'lsp-inline-completion-accepted-hook (lambda (_text _start end) (goto-char end))))
