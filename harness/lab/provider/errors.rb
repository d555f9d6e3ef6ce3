# frozen_string_literal: true

module VagrantPlugins
  module Lab
    # The errors of the lab provider. Vagrant prints their text, and `--machine-readable` their class,
    # by which the harness tells them apart (harness/machines/vagrant-faults.ts).
    module Errors
      # An error whose text is given where it is raised.
      class LabError < Vagrant::Errors::VagrantError
        def initialize(text)
          @text = text
          super()
        end

        def error_message
          @text
        end
      end

      class BadSnapshotName < LabError; end
      class BootTimeout < LabError; end
      class BoxUnset < LabError; end
      class GuestDied < LabError; end
      class GuestNotRunning < LabError; end
      class NotSupported < LabError; end
      class NotUsable < LabError; end
      class WinRMFailed < LabError; end

      # Anything that nobody expected: without this, Vagrant would die with a bare Ruby backtrace.
      class Unexpected < LabError
        def self.from(error)
          new("#{error.class}: #{error.message}\n  at #{Array(error.backtrace).first}")
        end
      end

      # `vagrant winrm -c` looks for this class to hand on that the command failed.
      class CommandFailed < CommunicatorWinRM::Errors::WinRMBadExitStatus
        def initialize(text)
          @text = text
          super()
        end

        def error_key
          nil
        end

        def error_message
          @text
        end
      end
    end
  end
end
