# frozen_string_literal: true

module VagrantPlugins
  module Lab
    # What Vagrant's verbs do to a lab machine, as chains of small steps.
    module Actions
      # Around every chain: one Vagrant at a time, and no error without a class.
      class Exclusively
        def initialize(app, _env)
          @app = app
        end

        def call(env)
          env[:machine].provider.driver.exclusively(env[:machine_action]) { @app.call(env) }
        rescue Vagrant::Errors::VagrantError
          raise
        rescue StandardError => e
          raise Errors::Unexpected.from(e)
        end
      end

      # Gives a new machine its id, and takes it back when the `up` fails.
      class Create
        def initialize(app, _env)
          @app = app
        end

        def call(env)
          machine = env[:machine]
          if machine.id.nil?
            @created = true
            machine.provider.driver.clear_log
            machine.id = SecureRandom.uuid
          end
          @app.call(env)
        end

        def recover(env)
          env[:machine].id = nil if @created && env[:destroy_on_error] != false
        end
      end

      # Starts the guest and waits until it runs commands.
      class Boot
        def initialize(app, _env)
          @app = app
        end

        def call(env)
          machine = env[:machine]
          env[:ui].output("Starting the lab guest (#{machine.provider.driver.profile})...")
          @started = machine.provider.driver.start
          wait_until_ready(machine, env)
          machine.provider.capability(:endpoints) unless env[:interrupted]
          @app.call(env)
        end

        def recover(env)
          env[:machine].provider.driver.stop if @started
        end

        private

        def wait_until_ready(machine, env)
          driver = machine.provider.driver
          seconds = machine.config.vm.boot_timeout
          deadline = Time.now + seconds
          until driver.state == :running && machine.communicate.ready?
            return if env[:interrupted]

            raise Errors::GuestDied, "The lab guest #{machine.name} died. #{driver.log_tail}" if driver.died?

            if Time.now > deadline
              raise Errors::BootTimeout,
                    "The lab guest #{machine.name} was not ready after #{seconds} s. #{driver.log_tail}"
            end

            sleep 0.1
          end
        end
      end

      class ShutDown
        # A forced halt does not wait long before it pulls the plug.
        FORCED_SECONDS = 3

        def initialize(app, _env)
          @app = app
        end

        def call(env)
          env[:ui].output('Shutting the lab guest down...')
          driver = env[:machine].provider.driver
          env[:force_halt] ? driver.stop(seconds: FORCED_SECONDS) : driver.stop
          @app.call(env)
        end
      end

      class Destroy
        def initialize(app, _env)
          @app = app
        end

        def call(env)
          env[:ui].output('Destroying the lab machine...')
          env[:machine].provider.driver.stop
          env[:machine].id = nil
          @app.call(env)
        end
      end

      # Copies the disk of a guest that is off, so that the copy is whole; one that ran runs again afterwards.
      class SaveSnapshot
        def initialize(app, _env)
          @app = app
        end

        def call(env)
          env[:machine].provider.driver.save_snapshot(env[:snapshot_name])
          env[:ui].success("Snapshot saved: #{env[:snapshot_name]}")
          @app.call(env)
        end
      end

      class RestoreSnapshot
        def initialize(app, _env)
          @app = app
        end

        def call(env)
          env[:ui].output("Restoring the snapshot #{env[:snapshot_name]}...")
          env[:machine].provider.driver.restore_snapshot(env[:snapshot_name])
          @app.call(env)
        end
      end

      class DeleteSnapshot
        def initialize(app, _env)
          @app = app
        end

        def call(env)
          env[:machine].provider.driver.delete_snapshot(env[:snapshot_name])
          env[:ui].success("Snapshot deleted: #{env[:snapshot_name]}")
          @app.call(env)
        end
      end

      # Says why the lab cannot do what it was asked for.
      class Refuse
        def initialize(_app, _env, text)
          @text = text
        end

        def call(_env)
          raise Errors::NotSupported, @text
        end
      end

      NO_SUSPEND = 'A lab machine has no memory image, so it cannot be suspended or resumed. ' \
                   'Use `vagrant halt` and `vagrant up`, or `vagrant snapshot`.'

      NO_PROVISION = 'A lab machine has nothing to provision: `npx sspr` installs through WinRM itself.'

      class << self
        def up
          chain do |up|
            up.use Create
            up.use Boot
          end
        end

        def halt
          on_created { |halt, _| halt.use ShutDown }
        end

        def reload
          on_created do |reload, _|
            reload.use ShutDown
            reload.use Boot
          end
        end

        def destroy
          on_created do |ask, _|
            ask.use Vagrant::Action::Builtin::Call, Vagrant::Action::Builtin::DestroyConfirm do |env, destroy|
              destroy.use Destroy if env[:result]
            end
          end
        end

        def suspend
          chain { |refuse| refuse.use Refuse, NO_SUSPEND }
        end
        alias resume suspend

        def provision
          chain { |refuse| refuse.use Refuse, NO_PROVISION }
        end

        def snapshot_save
          on_created do |save, driver, env|
            driver.check_snapshot_name(env[:snapshot_name])
            was_on = driver.state != :poweroff
            save.use ShutDown if was_on
            save.use SaveSnapshot
            save.use Boot if was_on
          end
        end

        # As with the other providers, the machine runs afterwards, whatever it did before.
        def snapshot_restore
          on_created do |restore, _, env|
            restore.use ShutDown
            restore.use RestoreSnapshot
            restore.use DeleteSnapshot if env[:snapshot_delete]
            restore.use Boot if env[:snapshot_start] != false
          end
        end

        def snapshot_delete
          on_created { |delete, _| delete.use DeleteSnapshot }
        end

        private

        def chain
          Vagrant::Action::Builder.new.tap do |builder|
            builder.use Exclusively
            builder.use Vagrant::Action::Builtin::ConfigValidate
            yield builder
          end
        end

        # A chain for machines that exist; for others it says so and does nothing.
        def on_created
          builtin = Vagrant::Action::Builtin
          chain do |builder|
            builder.use builtin::Call, builtin::IsState, :not_created do |env, steps|
              if env[:result]
                steps.use builtin::Message, I18n.t('vagrant.commands.common.vm_not_created')
              else
                yield steps, env[:machine].provider.driver, env
              end
            end
          end
        end
      end
    end
  end
end
